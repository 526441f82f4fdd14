"""What the API says and takes of events, their types and the quarantine."""

from typing import Any

from rest_framework import serializers

from config.api.fields import Body, JsonObject, ProblemField, PublicId
from segments.models import QuarantinedEvent, Source


class EventBody(Body):
    """A fact: something somebody did. `user_id` or `anonymous_id` says who."""

    event_id = serializers.UUIDField(help_text="Made by the sender; the same again is the same event")
    event_type = serializers.CharField(max_length=100, help_text="A registered event type: order_completed")
    timestamp = serializers.DateTimeField(required=False, help_text="When it happened; left out: now")
    sent_at = serializers.DateTimeField(required=False, help_text="The sender's clock, by which the time is corrected")
    user_id = serializers.CharField(max_length=255, required=False, help_text="The contact's external_id")
    anonymous_id = serializers.CharField(max_length=255, required=False, help_text="The browser's or device's own id")
    session_id = serializers.CharField(max_length=255, required=False)
    properties = JsonObject(required=False, help_text="As the event type's schema says")
    context = JsonObject(required=False, help_text="Segment's; of it campaign and page are kept")
    traits = JsonObject(required=False, help_text="With contact_identified: fields and attributes of the contact")
    previous_id = serializers.CharField(max_length=255, required=False, help_text="With contact_aliased: who it was")


class EventBatch(Body):
    batch = EventBody(many=True)


class TakenEvent(serializers.Serializer):
    event_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(["accepted", "duplicate", "quarantined"])
    errors = ProblemField(many=True, required=False)


class Taken(serializers.Serializer):
    """What became of each event, in the order they were sent."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    results = TakenEvent(many=True)


class SchemaBody(Body):
    schema = JsonObject(help_text="JSON Schema, draft 2020-12, of `properties`")


class EventTypeBody(SchemaBody):
    name = serializers.CharField(max_length=100, help_text="noun_verbed, past tense")
    description = serializers.CharField(max_length=255, allow_blank=True, default="")
    value_property = serializers.CharField(
        max_length=100, allow_blank=True, default="", help_text="The number that is added up"
    )


class EventTypeShown(serializers.Serializer):
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    built_in = serializers.BooleanField()
    version = serializers.IntegerField(source="current.number")
    schema = JsonObject(source="current.schema")
    created_at = serializers.DateTimeField()


class EventTypeVersionShown(serializers.Serializer):
    version = serializers.IntegerField(source="number")
    schema = JsonObject()
    created_at = serializers.DateTimeField()


class QuarantinedShown(serializers.Serializer):
    """An event that was not let in, without what it said."""

    quarantined_id = PublicId("quarantined_event", source="pk")
    event_id = serializers.UUIDField(allow_null=True)
    event_type = serializers.CharField(allow_blank=True)
    source = serializers.ChoiceField(Source.choices)
    state = serializers.ChoiceField(QuarantinedEvent.State.choices)
    size = serializers.IntegerField(help_text="Bytes")
    error = serializers.SerializerMethodField()
    received_at = serializers.DateTimeField()

    def get_error(self, one: QuarantinedEvent) -> dict[str, Any]:
        return {"pointer": one.pointer, "code": one.code, "detail": one.detail}


class Repaired(serializers.Serializer):
    quarantined_id = PublicId("quarantined_event", source="pk")
    state = serializers.ChoiceField(QuarantinedEvent.State.choices)
