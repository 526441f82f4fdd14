"""What the API says and takes of campaigns, in the shapes of the product's brief."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from campaigns.models import Campaign
from config.api.fields import Body, ProblemField, PublicId
from config.lib import public_ids
from delivery.models import Purpose

CHANNELS = ("email",)
_LATER_CHANNELS = ("sms", "push", "in_app")
_TYPES = ("immediate", "scheduled")
_LATER_TYPES = ("triggered", "recurring")
_STATUSES = ("draft", "scheduled", "active", "paused", "completed", "cancelled")
_MOST, _YEAR_H = 2**31 - 1, 366 * 24
_IDS = {"required": False, "max_length": 100}


class Choice(serializers.ChoiceField):
    """One of the choices; those of a later part of the product are told apart from nonsense."""

    def __init__(self, choices: Any, later: tuple[str, ...] = (), **options: Any) -> None:
        self.later = later
        super().__init__(choices, **options)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and data in self.later:
            raise serializers.ValidationError("This is not available yet.", code="not_available_yet")
        return super().to_internal_value(data)


class EmailContent(Body):
    later = ("subject", "variables")

    template_id = PublicId("template")


class CampaignContent(Body):
    later = _LATER_CHANNELS

    email = EmailContent()


class Budget(Body):
    later = ("currency",)

    max_spend = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=Decimal(0), help_text="In the currency of the deployment"
    )


class CampaignBody(Body):
    """A draft may lack anything but its name; all that it lacks is named when it is launched."""

    later = ("end_time", "ab_test", "goals", "kpis", "frequency_cap")

    name = serializers.CharField(max_length=255)
    description = serializers.CharField(allow_blank=True, required=False, max_length=10_000)
    type = Choice(_TYPES, _LATER_TYPES, required=False, help_text="scheduled needs start_time")
    channels = serializers.ListField(
        child=Choice(CHANNELS, _LATER_CHANNELS), min_length=1, max_length=1, required=False
    )
    start_time = serializers.DateTimeField(required=False, allow_null=True, help_text="When `launch` lets it go out")
    target_segment_id = PublicId("segment", required=False, help_text="Short for one entry of segment_ids")
    segment_ids = serializers.ListField(child=PublicId("segment"), **_IDS)
    list_ids = serializers.ListField(child=PublicId("list"), **_IDS)
    excluded_segment_ids = serializers.ListField(child=PublicId("segment"), **_IDS)
    excluded_list_ids = serializers.ListField(child=PublicId("list"), **_IDS)
    content = CampaignContent(required=False)
    brand_id = PublicId("brand", required=False)
    sender_id = PublicId("sender", required=False)
    unsubscribe_list_id = PublicId("list", required=False, help_text="What its unsubscribe link leaves; else the brand")
    purpose = serializers.ChoiceField(Purpose.choices, required=False)
    rate_per_minute = serializers.IntegerField(
        min_value=1, max_value=_MOST, required=False, allow_null=True, help_text="Messages a minute; also while it runs"
    )
    budget = Budget(required=False, allow_null=True, help_text="It stops before it has cost more; also while it runs")
    expires_after_hours = serializers.IntegerField(
        min_value=1,
        max_value=_YEAR_H,
        required=False,
        allow_null=True,
        help_text="Counted from its launch",
    )
    resend_unknown = serializers.BooleanField(
        required=False, help_text="Transactional only: send again when nobody knows whether it went out"
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("type") == "scheduled" and not values.get("start_time"):
            raise serializers.ValidationError({"start_time": "Say when."}, code="required")
        if values.get("type") == "immediate" and values.get("start_time"):
            raise serializers.ValidationError({"start_time": "Only a scheduled campaign has a time."})
        if "target_segment_id" in values and "segment_ids" in values:
            raise serializers.ValidationError({"target_segment_id": "Give this or segment_ids."})
        return values


class CampaignChange(CampaignBody):
    status = serializers.ChoiceField(_STATUSES, required=False, help_text="Alone: paused, active, cancelled, draft")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if "status" in values and len(values) > 1:
            raise serializers.ValidationError({"status": "Change the status in a request of its own."})
        return super().validate(values)


class ScheduleBody(Body):
    scheduled_local = serializers.CharField(max_length=19, help_text="2026-12-24T09:00:00")
    scheduled_zone = serializers.CharField(max_length=50, help_text="Europe/Berlin")


class CampaignShown(serializers.Serializer):
    campaign_id = PublicId("campaign", source="pk")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    type = serializers.SerializerMethodField()
    status = serializers.ChoiceField(_STATUSES, source="state")
    channels = serializers.SerializerMethodField()
    purpose = serializers.ChoiceField(Purpose.choices)
    start_time = serializers.DateTimeField(source="scheduled_at", allow_null=True)
    scheduled_local = serializers.CharField(allow_blank=True)
    scheduled_zone = serializers.CharField(allow_blank=True)
    held_reason = serializers.CharField(allow_blank=True, help_text="Why it waits for a person")
    brand_id = PublicId("brand", allow_null=True)
    sender_id = PublicId("sender", allow_null=True)
    unsubscribe_list_id = PublicId("list", source="list_id", allow_null=True)
    content = serializers.SerializerMethodField()
    rate_per_minute = serializers.IntegerField(allow_null=True)
    budget = serializers.SerializerMethodField()
    expires_after_hours = serializers.IntegerField(allow_null=True)
    resend_unknown = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    launched_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)

    def get_type(self, campaign: Campaign) -> str:
        return "scheduled" if campaign.scheduled_at else "immediate"

    def get_channels(self, campaign: Campaign) -> list[str]:
        return list(CHANNELS)

    def get_budget(self, campaign: Campaign) -> dict[str, str] | None:
        return None if campaign.budget is None else {"max_spend": str(campaign.budget)}

    def get_content(self, campaign: Campaign) -> dict[str, dict[str, str]]:
        if campaign.template_id is None:
            return {}
        return {"email": {"template_id": public_ids.encode("template", campaign.template_id)}}


class Metrics(serializers.Serializer):
    """People of the frozen audience, counted from the ledger itself: they add up to `recipients`."""

    recipients = serializers.IntegerField(source="audience")
    waiting = serializers.IntegerField()
    sending = serializers.IntegerField()
    sent = serializers.IntegerField()
    skipped = serializers.SerializerMethodField()
    failed = serializers.SerializerMethodField()
    unknown = serializers.IntegerField()
    cancelled = serializers.IntegerField()

    def get_skipped(self, account: Any) -> int:
        return sum(account.skipped.values())

    def get_failed(self, account: Any) -> int:
        return sum(account.failed.values())


class CampaignDetail(CampaignShown):
    """`estimated_recipients` is null when counting takes longer than 250 ms: see the campaign's readiness then."""

    target_segment_id = serializers.SerializerMethodField()
    segment_ids = serializers.SerializerMethodField()
    list_ids = serializers.SerializerMethodField()
    excluded_segment_ids = serializers.SerializerMethodField()
    excluded_list_ids = serializers.SerializerMethodField()
    estimated_recipients = serializers.IntegerField(allow_null=True)
    budget_spent = serializers.DecimalField(
        max_digits=18, decimal_places=6, help_text="What it has cost, what is on the wire and what is unknown included"
    )
    metrics = Metrics(allow_null=True, help_text="Null before the launch")

    def get_target_segment_id(self, campaign: Campaign) -> str | None:
        ids = self.get_segment_ids(campaign)
        return ids[0] if len(ids) == 1 else None

    def get_segment_ids(self, campaign: Campaign) -> list[str]:
        return _ids("segment", campaign.segments)

    def get_list_ids(self, campaign: Campaign) -> list[str]:
        return _ids("list", campaign.lists)

    def get_excluded_segment_ids(self, campaign: Campaign) -> list[str]:
        return _ids("segment", campaign.excluded_segments)

    def get_excluded_list_ids(self, campaign: Campaign) -> list[str]:
        return _ids("list", campaign.excluded_lists)


class Launched(serializers.Serializer):
    campaign_id = PublicId("campaign", source="pk")
    status = serializers.ChoiceField(_STATUSES, source="state")
    launched_at = serializers.DateTimeField(allow_null=True)
    start_time = serializers.DateTimeField(source="scheduled_at", allow_null=True)


class Readiness(serializers.Serializer):
    ready = serializers.BooleanField()
    problems = ProblemField(many=True)


class Happening(serializers.Serializer):
    at = serializers.DateTimeField()
    text = serializers.CharField()


class Explanation(serializers.Serializer):
    answer = serializers.CharField()
    happenings = Happening(many=True)


def _ids(kind: str, rows: Any) -> list[str]:
    return [public_ids.encode(kind, row.pk) for row in rows.all()]
