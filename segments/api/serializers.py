"""What the API says and takes of segments."""

from typing import Any

from rest_framework import serializers

from config.api.fields import Body, JsonObject, PublicId


class SegmentBody(Body):
    """A segment to make, or changes to one."""

    name = serializers.CharField(max_length=255)
    description = serializers.CharField(max_length=500, allow_blank=True, default="")
    criteria = JsonObject(help_text="The rule: see docs/segments.md")
    dynamic = serializers.BooleanField(default=True, help_text="Membership follows the data")


class EstimateBody(Body):
    criteria = JsonObject(help_text="The rule: see docs/segments.md")


class Estimate(serializers.Serializer):
    estimated_size = serializers.IntegerField()
    computation_time_ms = serializers.IntegerField()


class SegmentShown(serializers.Serializer):
    """A segment in a list: sizes as last counted."""

    segment_id = PublicId("segment", source="pk")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    dynamic = serializers.BooleanField()
    version = serializers.IntegerField(source="current.number")
    size = serializers.IntegerField(allow_null=True)
    sized_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_updated = serializers.DateTimeField(source="updated_at")
    archived_at = serializers.DateTimeField(allow_null=True)


class SegmentDetail(SegmentShown):
    """A segment with its rule. What takes longer than 250 ms to count is null: ask `estimate_url` then."""

    criteria = JsonObject(source="current.criteria")
    estimated_size = serializers.IntegerField(source="size", allow_null=True)
    estimate_url = serializers.SerializerMethodField()

    def get_estimate_url(self, segment: Any) -> str | None:
        return "/api/v1/segments/estimate" if segment.size is None else None
