"""Shared blocks in the admin: saving one makes its next version."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from config.lib.admin import ReadOnlyAdmin
from templates import services
from templates.forms import BlockForm
from templates.models import SharedBlock, SharedBlockVersion


class BlockVersionInline(admin.TabularInline[SharedBlockVersion, SharedBlock]):
    model = SharedBlockVersion
    fields = ("number", "note", "created_by", "created_at")
    readonly_fields = fields
    ordering = ["-number"]
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True


@admin.register(SharedBlock)
class SharedBlockAdmin(admin.ModelAdmin[SharedBlock]):
    form = BlockForm
    list_display = ["name", "current", "updated_at", "archived_at"]
    list_filter = [("archived_at", admin.EmptyFieldListFilter)]
    list_select_related = ["current"]
    search_fields = ["name"]
    fields = ["name", "source", "note"]
    inlines = [BlockVersionInline]
    actions = ["archive", "restore"]

    def get_readonly_fields(self, request: HttpRequest, obj: SharedBlock | None = None) -> Any:
        return ["name"] if obj else []  # templates name it

    def has_delete_permission(self, request: HttpRequest, obj: SharedBlock | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SharedBlock, form: Any, change: bool) -> None:
        by, source, note = cast(User, request.user), form.cleaned_data["source"], form.cleaned_data["note"]
        if change:
            services.save_block(obj, source=source, by=by, note=note)
        else:
            made = services.create_block(name=form.cleaned_data["name"], source=source, by=by)
            obj.pk, obj._state.adding = made.pk, False  # noqa: SLF001 - the service made the row of this form

    @admin.action(description="Archive the selected blocks", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[SharedBlock]) -> None:
        for block in queryset:
            services.archive(block)

    @admin.action(description="Offer the selected blocks again", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[SharedBlock]) -> None:
        for block in queryset:
            services.restore(block)


@admin.register(SharedBlockVersion)
class SharedBlockVersionAdmin(ReadOnlyAdmin[SharedBlockVersion]):
    list_display = ["block", "number", "note", "created_by", "created_at"]
    list_select_related = ["block", "created_by"]
    search_fields = ["block__name", "note"]
