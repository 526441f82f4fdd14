"""What the API says of figures. Definitions: docs/how-we-count.md."""

from rest_framework import serializers

from config.api.fields import PublicId


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
