"""Who runs the mailboxes, the limits they set, and what waits for its turn."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.response import Response

from config.api.auditing import audit, difference
from config.api.endpoints import Endpoint, find, shown
from config.api.fields import Body, PublicId
from config.api.parameters import ident
from config.lib import public_ids
from delivery.models import MailboxProvider
from delivery.selectors import throttles
from delivery.services import mailbox_providers as services
from delivery.throttle import levels

KIND = "mailbox_provider"
READ, WRITE = "mailbox_providers:read", "mailbox_providers:write"


class MailboxProviderShown(serializers.ModelSerializer):
    mailbox_provider_id = PublicId(KIND, source="pk")

    class Meta:
        model = MailboxProvider
        fields = [
            "mailbox_provider_id", "slug", "name", "domains", "mx_suffixes", "is_default", "connections",
            "messages_per_connection", "rate_per_second", "requires_tls", "slow_for_minutes", "slowed_until",
            "slowed_reason",
        ]  # fmt: skip


class MailboxProviderChange(Body):
    name = serializers.CharField(max_length=100)
    domains = serializers.ListField(child=serializers.CharField(max_length=253), max_length=1000)
    mx_suffixes = serializers.ListField(child=serializers.CharField(max_length=253), max_length=100)
    connections = serializers.IntegerField(min_value=1, max_value=1000)
    messages_per_connection = serializers.IntegerField(min_value=1, max_value=1_000_000)
    rate_per_second = serializers.FloatField(
        allow_null=True, help_text="From each sending domain; of the default, to each domain by itself. Null: no limit"
    )
    requires_tls = serializers.BooleanField()
    slow_for_minutes = serializers.IntegerField(min_value=1, max_value=10_080)


class MailboxProviderBody(MailboxProviderChange):
    slug = serializers.SlugField(max_length=30)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name in fields.keys() - {"slug", "name"}:
            fields[name].required = False
        return fields


class WaitingShown(serializers.Serializer):
    reason = serializers.CharField()
    count = serializers.IntegerField()
    more = serializers.BooleanField(help_text="There are more than were counted")
    oldest = serializers.DateTimeField(help_text="When the oldest of the counted was planned")
    first_due = serializers.DateTimeField()
    last_due = serializers.DateTimeField(help_text="The last turn given so far")


class LevelShown(serializers.Serializer):
    bucket = serializers.CharField()
    rate_per_second = serializers.FloatField()
    tokens = serializers.FloatField()
    line_s = serializers.FloatField(help_text="When who comes now would have its turn, at most five minutes")


class ThrottlesShown(serializers.Serializer):
    waiting = WaitingShown(many=True)
    buckets = LevelShown(many=True, allow_null=True, help_text="Which made somebody wait lately; null without Redis")


class MailboxProviders(Endpoint):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="list_mailbox_providers", responses=MailboxProviderShown(many=True))
    def get(self, request: Any) -> Response:
        """All mailbox providers with their limits."""
        return self.page(MailboxProvider.objects.all(), MailboxProviderShown)

    @extend_schema(
        operation_id="create_mailbox_provider", request=MailboxProviderBody, responses={201: MailboxProviderShown}
    )
    def post(self, request: Any) -> Response:
        """Another mailbox provider: its domains get limits of their own."""
        with transaction.atomic():
            made = services.save_mailbox_provider(MailboxProvider(), self.body(MailboxProviderBody))
            audit(request, "mailbox_provider_created", KIND, made.pk, {"name": [None, made.name]})
        place = f"/api/v1/mailbox-providers/{public_ids.encode(KIND, made.pk)}"
        return shown(MailboxProviderShown(made).data, status=201, location=place)


class OneMailboxProvider(Endpoint):
    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="get_mailbox_provider", parameters=[ident()], responses=MailboxProviderShown)
    def get(self, request: Any, public_id: str) -> Response:
        """One mailbox provider."""
        return Response(MailboxProviderShown(find(MailboxProvider.objects, KIND, public_id)).data)

    @extend_schema(
        operation_id="change_mailbox_provider", parameters=[ident()], request=MailboxProviderChange,
        responses=MailboxProviderShown,
    )  # fmt: skip
    def patch(self, request: Any, public_id: str) -> Response:
        """Change its limits: in force within two seconds; what waits for a raised one is brought forward."""
        wanted = self.body(MailboxProviderChange, partial=True)
        with transaction.atomic():
            row = find(MailboxProvider.objects.select_for_update(), KIND, public_id)
            before = {name: getattr(row, name) for name in wanted}
            services.save_mailbox_provider(row, wanted)
            after = {name: getattr(row, name) for name in wanted}
            audit(request, "mailbox_provider_changed", KIND, row.pk, difference(before, after))
        return Response(MailboxProviderShown(row).data)

    @extend_schema(operation_id="delete_mailbox_provider", parameters=[ident()], responses={204: None})
    def delete(self, request: Any, public_id: str) -> Response:
        """Its domains are everybody else's from now on."""
        with transaction.atomic():
            row = find(MailboxProvider.objects.select_for_update(), KIND, public_id)
            audit(request, "mailbox_provider_deleted", KIND, row.pk, {"name": [row.name, None]})
            services.delete_mailbox_provider(row)
        return Response(status=204)


class EndSlowdown(Endpoint):
    scopes = {"POST": WRITE}

    @extend_schema(operation_id="end_slowdown", parameters=[ident()], request=None, responses=MailboxProviderShown)
    def post(self, request: Any, public_id: str) -> Response:
        """Full speed again before the slow-down ends by itself."""
        with transaction.atomic():
            row = find(MailboxProvider.objects.select_for_update(), KIND, public_id)
            services.end_slowdown(row)
            audit(request, "slowdown_ended", KIND, row.pk)
        row.refresh_from_db()
        return Response(MailboxProviderShown(row).data)


class Throttles(Endpoint):
    scopes = {"GET": READ}

    @extend_schema(operation_id="get_throttles", responses=ThrottlesShown)
    def get(self, request: Any) -> Response:
        """What waits for its turn, why and until when, and the buckets that make it wait."""
        try:
            buckets = levels.levels()
        except RedisError:
            buckets = None
        return Response(ThrottlesShown({"waiting": throttles.waiting(), "buckets": buckets}).data)
