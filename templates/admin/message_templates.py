"""Message templates in the admin: what there is, their history, and the proof of the current version."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from templates import services
from templates.admin.pages import VersionPages, proof
from templates.models import MessageTemplate, TemplateVersion


class VersionInline(admin.TabularInline[TemplateVersion, MessageTemplate]):
    """The history; versions never change."""

    model = TemplateVersion
    fields = ("number", "languages", "note", "created_by", "created_at", "pages")
    readonly_fields = fields
    ordering = ["-number"]
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True

    @admin.display
    def languages(self, version: TemplateVersion) -> str:
        return ", ".join(version.contents.values_list("language", flat=True))

    @admin.display(description="")
    def pages(self, version: TemplateVersion) -> SafeString | str:
        if not version.pk:
            return ""
        url = reverse("admin:templates_preview", args=[version.template_id, version.number])
        return format_html('<a href="{}">Preview</a>', url)


@admin.register(MessageTemplate)
class MessageTemplateAdmin(VersionPages):
    list_display = ["name", "channel", "current", "updated_at", "archived_at"]
    list_filter = ["channel", ("archived_at", admin.EmptyFieldListFilter)]
    list_select_related = ["current"]
    search_fields = ["name"]
    fields = ["name", "channel", "current", "created_by", "created_at", "archived_at"]
    readonly_fields = ["current", "created_by", "created_at", "archived_at"]
    inlines = [VersionInline]
    actions = ["archive", "restore"]
    change_form_template = "admin/templates/messagetemplate/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: MessageTemplate | None = None) -> Any:
        return [*self.readonly_fields, "channel"] if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: MessageTemplate | None = None) -> bool:
        return False  # its versions are append-only; it can be archived

    def save_model(self, request: HttpRequest, obj: MessageTemplate, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            made = services.create_template(name=obj.name, channel=obj.channel, by=cast(User, request.user))
            obj.pk, obj._state.adding = made.pk, False  # noqa: SLF001 - the service made the row of this form

    @admin.action(description="Archive the selected templates", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> None:
        for template in queryset:
            services.archive(template)

    @admin.action(description="Offer the selected templates again", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> None:
        for template in queryset:
            services.restore(template)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        template = self.get_object(request, object_id)
        current = template.current if template else None
        beside = {"findings": proof(request, current) if current else []}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **beside})
