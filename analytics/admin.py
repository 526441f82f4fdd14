"""The counters for operators: read-only, apart from how fresh each table has to be."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince

from analytics.models import CampaignStat, Export, Freshness, LinkStat, StreamMark
from config.lib.admin import ReadOnlyAdmin

_COUNTS = ["total", "unique", "human_total", "human_unique"]


@admin.register(StreamMark)
class StreamMarkAdmin(ReadOnlyAdmin[StreamMark]):
    list_display = ["id", "state", "events", "as_of", "xid", "event_id", "system_identifier", "timeline", "created_at"]


class _LiveAdmin(ReadOnlyAdmin[Any]):
    """Shows the live generation only."""

    search_fields = ["=campaign_id"]
    search_help_text = "A campaign's id"
    ordering = ["-hour", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(mark__state=StreamMark.State.LIVE)


@admin.register(CampaignStat)
class CampaignStatAdmin(_LiveAdmin):
    list_display = ["campaign_id", "step_id", "channel", "hour", "kind", *_COUNTS]
    list_filter = ["kind", "channel"]


@admin.register(LinkStat)
class LinkStatAdmin(_LiveAdmin):
    list_display = ["campaign_id", "step_id", "channel", "hour", "link_id", *_COUNTS]
    list_filter = ["channel"]


@admin.register(Freshness)
class FreshnessAdmin(admin.ModelAdmin[Freshness]):
    list_display = ["name", "age", "expected_lag", "alert_threshold", "last_success_at", "late_since"]
    fields = ["name", "age", "expected_lag", "alert_threshold", "last_success_at", "late_since"]
    readonly_fields = ["name", "age", "last_success_at", "late_since"]

    @admin.display(description="age")
    def age(self, row: Freshness) -> str:
        return timesince(row.last_success_at, timezone.now()) if row.last_success_at else "never counted"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Freshness | None = None) -> bool:
        return False


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin[Export]):
    """What was taken out, by whom; never the file itself."""

    list_display = ["id", "kind", "object_id", "format", "state", "rows", "created_by", "created_at", "finished_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["created_by"]
    exclude = ["file"]
    ordering = ["-id"]
