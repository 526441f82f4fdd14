"""What the API says and takes of messages."""

from rest_framework import serializers

from config.api.fields import Body, PublicId
from delivery.models import Message


class MessageShown(serializers.Serializer):
    """One contact, one channel, one time; no address."""

    message_id = PublicId("message", source="pk")
    campaign_id = PublicId("campaign", source="order.campaign_id", allow_null=True, help_text="Null for a test")
    contact_id = PublicId("contact", allow_null=True, help_text="Null for a test to nobody in particular")
    channel = serializers.CharField()
    status = serializers.ChoiceField(Message.State.choices, source="state")
    reason = serializers.CharField(allow_blank=True, help_text="Why skipped, failed or cancelled")
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class EventShown(serializers.Serializer):
    at = serializers.DateTimeField()
    event = serializers.CharField(source="kind")
    reason = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True, help_text="The server's words")


class MessageDetail(MessageShown):
    events = EventShown(many=True)


class TestBody(Body):
    """To somebody who works here, or to a contact on a seed list."""

    template_id = PublicId("template")
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="Instead of the current"
    )
    sender_id = PublicId("sender")
    to = serializers.CharField(max_length=320)
    contact_id = PublicId("contact", required=False, help_text="As whom; left out: somebody unknown")
    provider_account_id = PublicId(
        "provider_account", required=False, help_text="Through which account, be it active or not; left out: the first"
    )


class Tested(serializers.Serializer):
    message_id = PublicId("message")
    sent = serializers.BooleanField()
