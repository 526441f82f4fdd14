"""Brands, suppressions, unsubscribing, preferences.

An opt-out is answered when nothing more can go out, which it waits for after its own commit:
so these endpoints have no transaction around it, and its audit entry comes after it.
"""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from compliance import tokens
from compliance.api.serializers import (
    BrandShown,
    Preferences,
    PreferencesBody,
    SuppressionBody,
    SuppressionDone,
    SuppressionShown,
    UnsubscribeBody,
    Unsubscribed,
)
from compliance.models import Brand, Reason, Scope, Suppression
from compliance.services.suppressions import suppress_email, unsubscribe
from config.api.auditing import audit
from config.api.endpoints import Endpoint, find
from config.api.parameters import choice, ident, text
from config.api.permissions import PUBLIC
from config.lib.addresses import InvalidAddress, address_hashes, normalise_email
from config.lib.errors import Conflict, FieldError, Invalid
from segments.models import Contact, ContactList


class Brands(Endpoint):
    scopes = {"GET": "campaigns:read"}

    @extend_schema(operation_id="list_brands", responses=BrandShown(many=True))
    def get(self, request: Any) -> Response:
        """All brands with their senders, the newest first."""
        return self.page(Brand.objects.prefetch_related("senders"), BrandShown)


class Suppressions(Endpoint):
    scopes = {"GET": "suppressions:read", "POST": "suppressions:write"}

    @extend_schema(
        operation_id="list_suppressions",
        parameters=[
            text("email", "Of this address"),
            choice("scope", "How far it reaches", Scope.values),
            choice("reason", "Why", Reason.values),
        ],
        responses=SuppressionShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """What holds now, the newest first."""
        rows = Suppression.objects.all()
        if "email" in request.query_params:
            rows = _of(request.query_params["email"])
        rows = rows.filter(**self.choices(scope=Scope.values, reason=Reason.values))
        return self.page(rows, SuppressionShown)

    @extend_schema(operation_id="suppress", request=SuppressionBody, responses={201: SuppressionDone})
    def post(self, request: Any) -> Response:
        """Write no more to an address, whoever's it is. Answered when nothing to it is in flight."""
        body = self.body(SuppressionBody)
        scope = Scope(body["scope"])
        is_new = suppress_email(
            _normal(body["email"]), scope=scope, scope_id=_scope_id(scope, body), reason=Reason.MANUAL, source="api",
            at=timezone.now(), actor_id=request.user.pk, note=body["note"],
        )  # fmt: skip
        audit(request, "address_suppressed", "suppression", None, {"scope": scope, "is_new": is_new})
        return Response({"suppressed": True, "is_new": is_new}, status=201)


class Unsubscribe(Endpoint):
    """For whoever holds the token of a link: no key is needed, and no limit refuses an opt-out (STANDARDS B10.7)."""

    scopes = {"POST": PUBLIC}
    authentication_classes: list[type] = []
    throttle_classes: list[type] = []

    @extend_schema(operation_id="unsubscribe", request=UnsubscribeBody, responses=Unsubscribed, auth=[])
    def post(self, request: Any) -> Response:
        """Carry out an unsubscribe link: answered when nothing more goes out in its scope."""
        body = self.body(UnsubscribeBody)
        token = tokens.read(body["token"])
        if "email" in body and token.address not in address_hashes(_normal(body["email"])):
            raise Invalid(FieldError("/email", "The token is not of this address.", "mismatch"))
        if "campaign_id" in body and token.campaign_id != body["campaign_id"]:
            raise Invalid(FieldError("/campaign_id", "The token is not of this campaign.", "mismatch"))
        unsubscribe(token, source="api", at=timezone.now())
        return Response({"unsubscribed": True, "scope": token.scope})


class UserPreferences(Endpoint):
    scopes = {"GET": "suppressions:read", "PATCH": "suppressions:write"}

    @extend_schema(operation_id="get_preferences", parameters=[ident()], responses=Preferences)
    def get(self, request: Any, public_id: str) -> Response:
        """Whether and why mail to a contact is held back."""
        return Response(_preferences(find(Contact.objects, "contact", public_id)))

    @extend_schema(
        operation_id="update_preferences", parameters=[ident()], request=PreferencesBody, responses=Preferences
    )
    def patch(self, request: Any, public_id: str) -> Response:
        """Switch mail off for a contact, for all brands; answered when nothing more goes out."""
        body = self.body(PreferencesBody)
        contact = find(Contact.objects, "contact", public_id)
        if not contact.email:
            raise Conflict("This contact has no address.")
        suppress_email(
            contact.email, scope=Scope.GLOBAL, scope_id=0, reason=Reason.UNSUBSCRIBED, source="api",
            at=timezone.now(), actor_id=request.user.pk, note=body["unsubscribe_reason"],
        )  # fmt: skip
        audit(request, "preferences_changed", "contact", contact.pk, {"email_enabled": False})
        return Response(_preferences(contact))


def _preferences(contact: Contact) -> Any:
    rows = list(_of(contact.email).order_by("pk")) if contact.email else []
    enabled = bool(contact.email) and not any(row.scope == Scope.GLOBAL for row in rows)
    return Preferences({"user_id": contact.pk, "email_enabled": enabled, "suppressions": rows}).data


def _of(email: str) -> QuerySet[Suppression]:
    hashes = address_hashes(_normal(email))
    return Suppression.objects.filter(
        address_key__in=[one.key for one in hashes], address_digest__in=[one.digest for one in hashes]
    )


def _normal(email: str) -> str:
    try:
        return normalise_email(email)
    except InvalidAddress as error:
        raise Invalid(FieldError("/email", error.detail, error.code)) from None


def _scope_id(scope: Scope, body: dict[str, Any]) -> int:
    if scope == Scope.GLOBAL:
        return 0
    name, rows = ("brand_id", Brand.objects) if scope == Scope.BRAND else ("list_id", ContactList.objects)
    if not rows.filter(pk=body[name]).exists():
        raise Invalid(FieldError(f"/{name}", f"There is no such {scope}.", "unknown"))
    return int(body[name])
