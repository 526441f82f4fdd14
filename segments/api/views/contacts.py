"""Contacts: the people we may talk to."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.response import Response

from config.api.auditing import audit, writer
from config.api.endpoints import Endpoint, find, shown
from config.api.parameters import ident, text
from config.lib import public_ids
from config.lib.addresses import InvalidAddress, normalise_email
from config.lib.errors import FieldError, Invalid
from segments.api.serializers import BatchShown, ContactBody, ContactsBody, ContactShown
from segments.models import Attribute, Contact
from segments.services.attribute_writers import note_writer
from segments.services.contact_batches import upsert_contacts
from segments.services.contacts import edit_contact, upsert_contact


class Contacts(Endpoint):
    scopes = {"GET": "contacts:read", "POST": "contacts:write"}

    @extend_schema(
        operation_id="list_contacts",
        parameters=[
            text("email", "Of whom this is the address"),
            text("external_id", "Who has this id in your system"),
        ],
        responses=ContactShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """All contacts, the newest first, or the one with an address or id."""
        return self.page(_chosen(request.query_params), ContactShown)

    @extend_schema(
        operation_id="upsert_contact",
        request=ContactBody,
        responses={
            200: OpenApiResponse(ContactShown, description="Known already, and changed where it differed"),
            201: OpenApiResponse(ContactShown, description="New"),
        },
    )
    def post(self, request: Any) -> Response:
        """Make or change the person whom external_id, else email, names. What is left out stays; null clears."""
        body = self.body(ContactBody)
        with transaction.atomic():
            done = upsert_contact(body)
            _note(request, [body])
            if done.outcome != "unchanged":
                verb = "created" if done.outcome == "new" else "changed"
                audit(request, f"contact_{verb}", "contact", done.contact.pk, {"fields": sorted(body)})
        data, location = ContactShown(done.contact).data, f"/api/v1/contacts/{_id(done.contact)}"
        return shown(data, status=201 if done.outcome == "new" else 200, row=done.contact, location=location)


class ContactBatch(Endpoint):
    scopes = {"POST": "contacts:write", "PUT": "contacts:write"}

    @extend_schema(operation_id="upsert_contacts", request=ContactsBody, responses=BatchShown)
    def post(self, request: Any) -> Response:
        """Make or change up to 1,000 people, each answered for itself, as if each were sent alone, in order."""
        items = self.body(ContactsBody)["contacts"]
        with transaction.atomic():
            results = upsert_contacts(items)
            _note(request, items)
            counts = dict(Counter(one.outcome for one in results))
            if counts.keys() & {"new", "changed"}:
                fields = sorted({name for item in items if isinstance(item, dict) for name in item})[:100]
                audit(request, "contacts_upserted", "contact", None, {"counts": counts, "fields": fields})
        return Response(BatchShown({"counts": counts, "results": results}).data)

    @extend_schema(operation_id="put_contacts", request=ContactsBody, responses=BatchShown)
    def put(self, request: Any) -> Response:
        """The same: sent again, it changes nothing."""
        return self.post(request)


class OneContact(Endpoint):
    scopes = {"GET": "contacts:read", "PATCH": "contacts:write"}

    @extend_schema(operation_id="get_contact", parameters=[ident()], responses=ContactShown)
    def get(self, request: Any, public_id: str) -> Response:
        """One contact."""
        contact = find(Contact.objects, "contact", public_id)
        return shown(ContactShown(contact).data, row=contact)

    @extend_schema(
        operation_id="update_contact", parameters=[ident()], request=ContactBody(partial=True), responses=ContactShown
    )
    def patch(self, request: Any, public_id: str) -> Response:
        """Change what is given; null clears. Attributes are merged, those that are null are removed."""
        body = self.body(ContactBody, partial=True)
        with transaction.atomic():
            contact = find(Contact.objects.select_for_update(), "contact", public_id)
            self.check_unchanged(contact)
            _note(request, [body])
            if edit_contact(contact, body):
                audit(request, "contact_changed", "contact", contact.pk, {"fields": sorted(body)})
        return shown(ContactShown(contact).data, row=contact)


def _chosen(wanted: Any) -> QuerySet[Contact]:
    rows = Contact.objects.all()
    if "external_id" in wanted:
        rows = rows.filter(external_id=wanted["external_id"])
    if "email" in wanted:
        try:
            rows = rows.filter(email=normalise_email(wanted["email"]))
        except InvalidAddress as error:
            raise Invalid(FieldError("/email", error.detail, error.code)) from None
    return rows


def _note(request: Any, items: Iterable[Any]) -> None:
    """Who writes these attributes."""
    given = (item.get("attributes") for item in items if isinstance(item, dict))
    kind, name = writer(request)
    note_writer({name for one in given if isinstance(one, dict) for name in one}, Attribute.Writer(kind), name)


def _id(contact: Contact) -> str:
    return public_ids.encode("contact", contact.pk)
