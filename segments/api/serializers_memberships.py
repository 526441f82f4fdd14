"""What the API says and takes of who is in a segment."""

from rest_framework import serializers

from config.api.fields import Body, PublicId
from segments.selectors.memberships import Kind

_HOW = "Whose change it was: people, fields, lists, events, …; rule, clock, frozen, hand or merge"


class InSegment(Body):
    contact_ids = serializers.ListField(child=PublicId("contact"), min_length=1, max_length=10_000)


class MemberShown(serializers.Serializer):
    contact_id = PublicId("contact", source="pk")
    external_id = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True, help_text="Null with `at`, when they have left since")
    how = serializers.CharField(allow_blank=True, help_text=_HOW)


class StayShown(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="Null: still in it")
    entered_how = serializers.CharField(allow_blank=True, help_text=_HOW)
    left_how = serializers.CharField(allow_blank=True, help_text=_HOW)


class ConditionShown(serializers.Serializer):
    depth = serializers.IntegerField()
    words = serializers.CharField()
    holds_now = serializers.BooleanField(allow_null=True)


class StandingShown(serializers.Serializer):
    """One person and one segment: whether they were in it at a moment, and why."""

    was_in = serializers.BooleanField(allow_null=True, help_text="Null: retention has dropped what would tell")
    at = serializers.DateTimeField()
    version = serializers.IntegerField(allow_null=True, help_text="Of the rule, at that moment")
    conditions = ConditionShown(many=True)
    stays = StayShown(many=True)


class ChangeShown(serializers.Serializer):
    """An entry or exit."""

    segment_id = PublicId("segment")
    contact_id = PublicId("contact")
    kind = serializers.ChoiceField(Kind.choices)
    how = serializers.CharField(help_text=_HOW)
    at = serializers.DateTimeField()


class ChangesShown(serializers.Serializer):
    results = ChangeShown(many=True)
    place = serializers.CharField(help_text="Give it as `after` the next time")


class DayShown(serializers.Serializer):
    day = serializers.DateField()
    size = serializers.IntegerField(help_text="At its end, or now")
    entered = serializers.IntegerField()
    left = serializers.IntegerField()


class DaysShown(serializers.Serializer):
    days = DayShown(many=True)
