"""What the API says of figures. Definitions: docs/how-we-count.md."""

from typing import Any

from rest_framework import serializers

from analytics.exporting import METRICS, USUAL
from analytics.models import Export
from config.api.fields import Body, PublicId


def _counts() -> serializers.DictField:
    return serializers.DictField(child=serializers.IntegerField(), help_text="sent, delivered, opened, clicked, …")


def _rates() -> serializers.DictField:
    return serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Percent by name; null: nothing to divide by"
    )


class ChannelFigures(serializers.Serializer):
    metrics = _counts()
    rates = _rates()


class CampaignAnalytics(serializers.Serializer):
    """Figures without machines, and with them under names that say so."""

    campaign_id = PublicId("campaign")
    as_of = serializers.DateTimeField(allow_null=True, help_text="Everything that happened before this is counted")
    metrics = _counts()
    rates = _rates()
    channel_breakdown = serializers.DictField(child=ChannelFigures())


class LinkShown(serializers.Serializer):
    """One link of a template version, without machines and with them."""

    link_id = PublicId("link")
    clicked = serializers.IntegerField()
    clicks = serializers.IntegerField()
    clicked_with_machines = serializers.IntegerField()
    clicks_with_machines = serializers.IntegerField()


class Links(serializers.Serializer):
    links = LinkShown(many=True)


class Metric(serializers.ChoiceField):
    """The name of a count; `converted` comes with a later part."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=METRICS, **options)

    def to_internal_value(self, data: Any) -> str:
        if data == "converted":
            raise serializers.ValidationError("This is not available yet.", code="not_available_yet")
        return str(super().to_internal_value(data))


class ExportBody(Body):
    format = serializers.ChoiceField(choices=Export.Format.values, default="csv")


class CampaignExportBody(ExportBody):
    metrics = serializers.ListField(
        child=Metric(), default=list(USUAL), min_length=1, max_length=len(METRICS),
        help_text="The counts to export by hour and channel, in this order",
    )  # fmt: skip

    def validate_metrics(self, metrics: list[str]) -> list[str]:
        return list(dict.fromkeys(metrics))


class ExportShown(serializers.Serializer):
    """A link is made anew each time it is shown, and is good for 15 minutes; the file is kept for 24 hours."""

    export_id = PublicId("export", source="pk")
    status = serializers.ChoiceField(choices=Export.State.values)
    format = serializers.ChoiceField(choices=Export.Format.values)
    rows = serializers.IntegerField(allow_null=True, help_text="In the file, without its header")
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    download_url = serializers.URLField(allow_null=True)
