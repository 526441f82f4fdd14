"""Event types, write keys, the log and the quarantine for operators."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from config.lib.admin import LargeTableAdmin, ReadOnlyAdmin
from config.lib.errors import DomainError
from segments.models import EventType, EventTypeVersion, Metric, QuarantinedEvent, RawEvent, Source, WriteKey
from segments.services import repairs
from segments.services.event_types import add_version, register_event_type
from segments.services.write_keys import create_write_key, revoke_write_key


class EventTypeForm(forms.ModelForm[EventType]):
    schema = forms.JSONField(
        initial={"type": "object", "properties": {}, "additionalProperties": False},
        help_text="JSON Schema of the properties; saving another one makes a new version",
    )

    class Meta:
        model = EventType
        fields = ["name", "description"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.current:
            self.initial["schema"] = self.instance.current.schema

    def clean(self) -> dict[str, Any]:
        """The service judges and writes, in the one transaction of the page."""
        if not self.errors:
            try:
                self.saved = self._write()
            except DomainError as error:
                self.add_error(None, error.detail)
        return self.cleaned_data

    def _write(self) -> EventType:
        given = self.cleaned_data
        if not self.instance.pk:
            return register_event_type(name=given["name"], description=given["description"], schema=given["schema"])
        EventType.objects.filter(pk=self.instance.pk).update(description=given["description"])
        add_version(self.instance, schema=given["schema"])
        return self.instance

    def _post_clean(self) -> None:
        """Not the model."""

    def save(self, commit: bool = True) -> EventType:
        return self.saved

    def save_m2m(self) -> None:
        """Nothing to do."""


class VersionInline(admin.TabularInline[EventTypeVersion, EventType]):
    model = EventTypeVersion
    fields = ["number", "schema", "created_by", "created_at"]
    readonly_fields = ["number", "schema", "created_by", "created_at"]
    ordering = ["-number"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(EventType)
class EventTypeAdmin(admin.ModelAdmin[EventType]):
    form = EventTypeForm
    list_display = ["name", "description", "version", "built_in"]
    list_filter = ["built_in"]
    list_select_related = ["current"]
    search_fields = ["name", "description"]
    ordering = ["name"]
    inlines = [VersionInline]

    @admin.display
    def version(self, obj: EventType) -> int:
        return obj.current.number if obj.current else 0

    def get_readonly_fields(self, request: HttpRequest, obj: EventType | None = None) -> list[str]:
        return ["name"] if obj else []

    def save_model(self, request: HttpRequest, obj: EventType, form: Any, change: bool) -> None:
        """Written by the form's service."""

    def has_delete_permission(self, request: HttpRequest, obj: EventType | None = None) -> bool:
        return False


@admin.register(Metric)
class MetricAdmin(ReadOnlyAdmin[Metric]):
    list_display = ["name", "event_type", "filters", "value_property", "ready"]
    ordering = ["name"]

    @admin.display(boolean=True)
    def ready(self, obj: Metric) -> bool:
        return obj.is_ready


@admin.register(RawEvent)
class RawEventAdmin(ReadOnlyAdmin[RawEvent]):
    list_display = ["event_id", "event_type_id", "occurred_at", "received_at", "contact_id", "source", "is_early"]
    ordering = ["-pk"]


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin[QuarantinedEvent]):
    list_display = ["event_type", "code", "pointer", "detail", "source", "size", "received_at", "state"]
    list_filter = ["state", "code", "source"]
    ordering = ["-pk"]
    exclude = ["sealed"]
    actions = ["accept", "replay", "drop"]

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("segments.change_quarantinedevent")

    @admin.action(description="Accept as a new version, and let in", permissions=["repair"])
    def accept(self, request: HttpRequest, queryset: QuerySet[QuarantinedEvent]) -> None:
        self._each(request, queryset, lambda one: repairs.accept(one, by=None, at=timezone.now()))

    @admin.action(description="Judge again by the registry as it is now", permissions=["repair"])
    def replay(self, request: HttpRequest, queryset: QuerySet[QuarantinedEvent]) -> None:
        self._each(request, queryset, lambda one: repairs.replay(one, at=timezone.now()))

    @admin.action(description="Drop what they said", permissions=["repair"])
    def drop(self, request: HttpRequest, queryset: QuerySet[QuarantinedEvent]) -> None:
        self.message_user(request, f"{repairs.drop(queryset, at=timezone.now())} dropped.")

    def _each(
        self, request: HttpRequest, rows: QuerySet[QuarantinedEvent], work: Callable[[QuarantinedEvent], object]
    ) -> None:
        for one in rows.filter(state=QuarantinedEvent.State.WAITING):
            try:
                work(one)
            except DomainError as error:
                self.message_user(request, f"{one}: {error.detail}", messages.ERROR)


@admin.register(WriteKey)
class WriteKeyAdmin(LargeTableAdmin[WriteKey]):
    list_display = ["name", "prefix", "kind", "origins", "rate_per_minute", "last_used_at", "revoked_at"]
    fields = ["name", "kind", "origins", "rate_per_minute"]
    ordering = ["name"]
    actions = ["revoke"]

    def save_model(self, request: HttpRequest, obj: WriteKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made, text = create_write_key(
            name=obj.name, kind=Source(obj.kind), origins=obj.origins, rate_per_minute=obj.rate_per_minute
        )
        obj.pk, obj.prefix = made.pk, made.prefix
        self.message_user(request, f"{text} – keep it: it is shown only now.", messages.WARNING)

    def get_readonly_fields(self, request: HttpRequest, obj: WriteKey | None = None) -> list[str]:
        return ["kind"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: WriteKey | None = None) -> bool:
        return False  # the log names it

    @admin.action(description="Revoke at once", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[WriteKey]) -> None:
        for one in queryset:
            revoke_write_key(one, at=timezone.now())
