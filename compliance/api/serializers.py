"""What the API says and takes of senders, suppressions and preferences."""

from typing import Any

from rest_framework import serializers

from compliance.models import Reason, Scope, Suppression
from config.api.fields import Body, PublicId
from config.lib import public_ids


class SenderShown(serializers.Serializer):
    sender_id = PublicId("sender", source="pk")
    from_name = serializers.CharField()
    from_email = serializers.CharField()
    reply_to = serializers.CharField(allow_blank=True)
    archived_at = serializers.DateTimeField(allow_null=True)


class BrandShown(serializers.Serializer):
    """A legal sender with the identities it writes under."""

    brand_id = PublicId("brand", source="pk")
    name = serializers.CharField()
    legal_name = serializers.CharField(allow_blank=True)
    postal_address = serializers.CharField(allow_blank=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    senders = SenderShown(many=True)


class SuppressionShown(serializers.Serializer):
    """No address: only its keyed hash is kept. Ask with `email` whether one is suppressed."""

    suppression_id = PublicId("suppression", source="pk")
    channel = serializers.CharField()
    scope = serializers.ChoiceField(Scope.choices)
    brand_id = serializers.SerializerMethodField(help_text="Of scope brand")
    list_id = serializers.SerializerMethodField(help_text="Of scope list")
    reason = serializers.ChoiceField(Reason.choices)
    source = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_brand_id(self, row: Suppression) -> str | None:
        return public_ids.encode("brand", row.scope_id) if row.scope == Scope.BRAND else None

    def get_list_id(self, row: Suppression) -> str | None:
        return public_ids.encode("list", row.scope_id) if row.scope == Scope.LIST else None


class SuppressionBody(Body):
    email = serializers.CharField(max_length=320)
    scope = serializers.ChoiceField(Scope.choices, default=Scope.GLOBAL)
    brand_id = PublicId("brand", required=False, help_text="Needed for scope brand")
    list_id = PublicId("list", required=False, help_text="Needed for scope list")
    note = serializers.CharField(max_length=255, allow_blank=True, default="", help_text="Why, for the log")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        for scope in (Scope.BRAND, Scope.LIST):
            name = f"{scope}_id"
            if values["scope"] == scope and name not in values:
                raise serializers.ValidationError({name: f"Say which {scope}."}, code="required")
            if values["scope"] != scope and name in values:
                raise serializers.ValidationError({name: f"Only for scope {scope}."})
        return values


class SuppressionDone(serializers.Serializer):
    suppressed = serializers.BooleanField()
    is_new = serializers.BooleanField(help_text="False when it was so before")


class UnsubscribeBody(Body):
    """The token of an unsubscribe link says who leaves what; email and campaign, when given, must agree with it."""

    token = serializers.CharField(max_length=500)
    email = serializers.CharField(max_length=320, required=False)
    campaign_id = PublicId("campaign", required=False)


class Unsubscribed(serializers.Serializer):
    unsubscribed = serializers.BooleanField()
    scope = serializers.ChoiceField(Scope.choices)


class Preferences(serializers.Serializer):
    user_id = PublicId("contact")
    email_enabled = serializers.BooleanField(help_text="False when mail to the address is suppressed globally")
    suppressions = SuppressionShown(many=True)


class PreferencesBody(Body):
    later = (
        "sms_enabled", "push_enabled", "in_app_enabled", "frequency_cap", "categories",
    )  # fmt: skip

    email_enabled = serializers.BooleanField()
    unsubscribe_reason = serializers.CharField(max_length=255, allow_blank=True, default="")

    def validate_email_enabled(self, value: bool) -> bool:
        if value:
            raise serializers.ValidationError(
                "Only the person can take an opt-out back: it is lifted by an operator, with their wish on record.",
                code="not_allowed",
            )
        return value
