"""Segments and their versions for operators."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from config.lib import public_ids
from config.lib.admin import ReadOnlyAdmin
from config.lib.errors import DomainError
from segments.errors import InvalidCriteria
from segments.explaining import explain
from segments.models import Segment, SegmentVersion
from segments.selectors import size_and_sample
from segments.services.segments import (
    archive_segment,
    checked_criteria,
    create_segment,
    edit_segment,
    measure_segment,
    restore_segment,
    roll_back,
    save_criteria,
)

EVERYBODY = {"logic": "AND", "conditions": [{"field": "created_at", "operator": "exists"}]}


class RuleField(forms.JSONField):
    """JSON as people read it: a line a condition."""

    def prepare_value(self, value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


class SegmentForm(forms.ModelForm[Segment]):
    """Its names, and its rule as JSON: saving another rule makes a new version."""

    criteria = RuleField(widget=forms.Textarea(attrs={"rows": 16, "cols": 100}), label="Rule")

    class Meta:
        model = Segment
        fields = ["name", "description", "dynamic"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("criteria", self.instance.current.criteria if self.instance.current else EVERYBODY)

    def clean_criteria(self) -> Any:
        try:
            return checked_criteria(self.cleaned_data["criteria"], self.instance)
        except InvalidCriteria as error:
            raise forms.ValidationError([f"{one.pointer} {one.detail}" for one in error.errors]) from None


class VersionInline(admin.TabularInline[SegmentVersion, Segment]):
    model = SegmentVersion
    fk_name = "segment"
    fields = ["number", "criteria", "created_by", "created_at"]
    readonly_fields = ["number", "criteria", "created_by", "created_at"]
    ordering = ["-number"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Segment)
class SegmentAdmin(admin.ModelAdmin[Segment]):
    form = SegmentForm
    list_display = ["name", "public_id", "version", "size", "sized_at", "dynamic", "archived_at"]
    list_filter = ["dynamic", ("archived_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "description"]
    list_select_related = ["current"]
    fields = ["name", "description", "dynamic", "criteria", "meaning", "people", "public_id", "archived_at"]
    readonly_fields = ["meaning", "people", "public_id", "archived_at"]
    inlines = [VersionInline]
    actions = ["measure", "archive", "restore"]

    @admin.display(description="id")
    def public_id(self, obj: Segment) -> str:
        return public_ids.encode("segment", obj.pk) if obj.pk else ""

    @admin.display(ordering="current__number")
    def version(self, obj: Segment) -> int | None:
        return obj.current.number if obj.current else None

    @admin.display(description="in words")
    def meaning(self, obj: Segment) -> str:
        return _in_words(obj.current)

    @admin.display(description="people now")
    def people(self, obj: Segment) -> str:
        """How many as things are, and who comes first."""
        if obj.current is None:
            return ""
        try:
            preview = size_and_sample(obj.current.criteria, sample=5)
        except DomainError as error:
            return error.detail
        shown = ", ".join(str(contact) for contact in preview.sample)
        return f"{preview.size:,}, counted in {preview.milliseconds} ms: {shown}{' …' if preview.size > 5 else ''}"

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        data = form.cleaned_data
        named = {name: data[name] for name in ("name", "description", "dynamic")}
        if change:
            edit_segment(obj, **named)
            save_criteria(obj, data["criteria"], by=_who(request))
        else:
            made = create_segment(**named, criteria=data["criteria"], by=_who(request))
            obj.pk, obj.current = made.pk, made.current

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:
        return False

    @admin.action(description="Count the people of the chosen segments now")
    def measure(self, request: HttpRequest, queryset: QuerySet[Segment]) -> None:
        self._each(request, queryset, lambda one: f"{one}: {measure_segment(one):,} people")

    @admin.action(description="Archive the chosen segments")
    def archive(self, request: HttpRequest, queryset: QuerySet[Segment]) -> None:
        self._each(request, queryset, lambda one: archive_segment(one) or f"{one} is archived")

    @admin.action(description="Restore the chosen segments")
    def restore(self, request: HttpRequest, queryset: QuerySet[Segment]) -> None:
        self._each(request, queryset, lambda one: restore_segment(one) or f"{one} is restored")

    def _each(self, request: HttpRequest, queryset: QuerySet[Segment], verb: Any) -> None:
        for segment in queryset.select_related("current"):
            try:
                self.message_user(request, verb(segment), messages.SUCCESS)
            except DomainError as error:
                self.message_user(request, error.detail, messages.ERROR)


@admin.register(SegmentVersion)
class SegmentVersionAdmin(ReadOnlyAdmin[SegmentVersion]):
    list_display = ["segment", "number", "created_at", "created_by", "is_current"]
    list_select_related = ["segment", "created_by"]
    search_fields = ["segment__name"]
    readonly_fields = ["meaning"]
    ordering = ["segment__name", "-number"]
    actions = ["make_current"]

    @admin.display(boolean=True)
    def is_current(self, obj: SegmentVersion) -> bool:
        return obj.segment.current_id == obj.pk

    @admin.display(description="in words")
    def meaning(self, obj: SegmentVersion) -> str:
        return _in_words(obj)

    @admin.action(description="Go back to the chosen version", permissions=["roll_back"])
    def make_current(self, request: HttpRequest, queryset: QuerySet[SegmentVersion]) -> None:
        for version in queryset.select_related("segment"):
            try:
                made = roll_back(version.segment, version.number, by=_who(request))
                self.message_user(request, f"{version.segment} is at {made}", messages.SUCCESS)
            except DomainError as error:
                self.message_user(request, error.detail, messages.ERROR)

    def has_roll_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("segments.change_segment")


def _who(request: HttpRequest) -> Any:
    return request.user


def _in_words(version: SegmentVersion | None) -> str:
    if version is None:
        return ""
    try:
        return explain(version.criteria)
    except InvalidCriteria as error:
        return format_html("<strong>{}</strong>", f"This rule no longer works: {error.detail}")
