"""Provider accounts: where mail is handed over. A secret goes in and never comes out."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from compliance.models import Brand
from config.api.auditing import audit, difference
from config.api.endpoints import Endpoint, find, shown
from config.api.fields import Body, PublicId
from config.api.parameters import ident
from config.lib import public_ids
from config.lib.errors import FieldError, Invalid
from delivery.models import Breaker, Lane, ProviderAccount
from delivery.services import accounts as services

KIND = "provider_account"
READ, WRITE = "provider_accounts:read", "provider_accounts:write"
_AUDITED = ("name", "kind", "priority", "weight", "lanes", "rate_per_second", "cost_per_message", "active")


class BreakerShown(serializers.ModelSerializer):
    since = serializers.DateTimeField(source="changed_at")

    class Meta:
        model = Breaker
        fields = ["state", "reason", "failures", "since", "retry_at"]


class ProviderAccountShown(serializers.ModelSerializer):
    provider_account_id = PublicId(KIND, source="pk")
    brand_ids = serializers.SerializerMethodField()
    has_secret = serializers.SerializerMethodField()
    breaker = serializers.SerializerMethodField(help_text="Null: it has always worked")

    class Meta:
        model = ProviderAccount
        fields = [
            "provider_account_id", "name", "kind", "channel", "config", "has_secret", "priority", "weight", "lanes",
            "brand_ids", "rate_per_second", "shaping", "cost_per_message", "active", "created_at", "breaker",
        ]  # fmt: skip

    def get_brand_ids(self, row: ProviderAccount) -> list[str]:
        return [public_ids.encode("brand", brand.pk) for brand in row.brands.all()]

    def get_has_secret(self, row: ProviderAccount) -> bool:
        return bool(row.sealed_secret)

    @extend_schema(responses=BreakerShown)
    def get_breaker(self, row: ProviderAccount) -> Any:
        breaker = getattr(row, "breaker", None)
        return BreakerShown(breaker).data if breaker else None


class ProviderAccountChange(Body):
    name = serializers.CharField(max_length=100)
    config = serializers.DictField(help_text="The settings of its kind, without its secret")
    secret = serializers.CharField(write_only=True, max_length=2000, help_text="Its password or key: stored sealed")
    priority = serializers.IntegerField(min_value=0, max_value=32767, help_text="The lowest that works is used")
    weight = serializers.IntegerField(min_value=1, max_value=32767, help_text="Its share among the same priority")
    lanes = serializers.ListField(child=serializers.ChoiceField(Lane.choices), help_text="None: every lane")
    brand_ids = serializers.ListField(child=PublicId("brand"), help_text="None: every brand")
    rate_per_second = serializers.FloatField(allow_null=True, min_value=0.001)
    shaping = serializers.BooleanField(allow_null=True, help_text="Null: as its kind does")
    cost_per_message = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0)
    active = serializers.BooleanField()


class ProviderAccountBody(ProviderAccountChange):
    kind = serializers.CharField(max_length=20)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name in fields.keys() - {"name", "kind"}:
            fields[name].required = False
        return fields


class ProviderAccounts(Endpoint):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="list_provider_accounts", responses=ProviderAccountShown(many=True))
    def get(self, request: Any) -> Response:
        """All provider accounts, each with its breaker."""
        return self.page(_rows(), ProviderAccountShown)

    @extend_schema(
        operation_id="create_provider_account", request=ProviderAccountBody, responses={201: ProviderAccountShown}
    )
    def post(self, request: Any) -> Response:
        """Another account: in use with the next batch, unless it is made inactive."""
        wanted = self.body(ProviderAccountBody)
        with transaction.atomic():
            row = _save(ProviderAccount(), wanted)
            audit(request, "provider_account_created", KIND, row.pk, {"name": [None, row.name]})
        place = f"/api/v1/provider-accounts/{public_ids.encode(KIND, row.pk)}"
        return shown(ProviderAccountShown(row).data, status=201, location=place)


class OneProviderAccount(Endpoint):
    scopes = {"GET": READ, "PATCH": WRITE}

    @extend_schema(operation_id="get_provider_account", parameters=[ident()], responses=ProviderAccountShown)
    def get(self, request: Any, public_id: str) -> Response:
        """One provider account with its breaker."""
        return Response(ProviderAccountShown(find(_rows(), KIND, public_id)).data)

    @extend_schema(
        operation_id="change_provider_account", parameters=[ident()], request=ProviderAccountChange,
        responses=ProviderAccountShown,
    )  # fmt: skip
    def patch(self, request: Any, public_id: str) -> Response:
        """Change it: workers take that up with their next batch. One that is no more wanted is made inactive."""
        wanted = self.body(ProviderAccountChange, partial=True)
        with transaction.atomic():
            row = find(ProviderAccount.objects.select_for_update(), KIND, public_id)
            before, sealed = _said(row), row.sealed_secret
            _save(row, wanted)
            # of a secret, that it was changed and not to what
            changes = difference(before, _said(row)) | ({"secret": [None, None]} if row.sealed_secret != sealed else {})
            audit(request, "provider_account_changed", KIND, row.pk, changes)
        return Response(ProviderAccountShown(row).data)


class CloseBreaker(Endpoint):
    scopes = {"POST": WRITE}

    @extend_schema(operation_id="close_breaker", parameters=[ident()], request=None, responses=ProviderAccountShown)
    def post(self, request: Any, public_id: str) -> Response:
        """Use it again now, before its rest is over."""
        with transaction.atomic():
            row = find(_rows(), KIND, public_id)
            services.close_breaker(row.pk)
            audit(request, "breaker_closed", KIND, row.pk)
        return Response(ProviderAccountShown(find(_rows(), KIND, public_id)).data)


def _rows() -> Any:
    return ProviderAccount.objects.select_related("breaker").prefetch_related("brands")


def _said(row: ProviderAccount) -> dict[str, Any]:
    return {name: str(getattr(row, name)) for name in _AUDITED}


def _save(row: ProviderAccount, wanted: dict[str, Any]) -> ProviderAccount:
    secret, brand_ids = wanted.pop("secret", None), wanted.pop("brand_ids", None)
    name = wanted.get("name", row.name)
    if ProviderAccount.objects.filter(name=name).exclude(pk=row.pk).exists():
        raise Invalid(FieldError("/name", "There is an account of this name.", "taken"))
    brands = None if brand_ids is None else list(Brand.objects.filter(pk__in=brand_ids))
    if brands is not None and len(brands) != len(set(brand_ids)):
        raise Invalid(FieldError("/brand_ids", "There is no brand with one of these ids.", "unknown"))
    return services.save_account(row, wanted, secret=secret, brands=brands)
