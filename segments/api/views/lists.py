"""Lists: kept by hand, by import or by a program."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find, shown
from config.api.parameters import flag, ident, text
from config.lib import public_ids
from segments.api.serializers import ContactShown, ListBody, ListShown, Members, MembersAdded, MembersRemoved
from segments.models import Contact, ContactList
from segments.services.lists import add_to_list, archive_list, create_list, remove_from_list, restore_list


class Lists(Endpoint):
    scopes = {"GET": "contacts:read", "POST": "contacts:write"}

    @extend_schema(
        operation_id="list_lists",
        parameters=[text("name", "Part of the name"), flag("archived", "Those put away instead")],
        responses=ListShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """All lists, the newest first."""
        rows = ContactList.objects.filter(archived_at__isnull=not self.flag("archived"))
        if part := request.query_params.get("name"):
            rows = rows.filter(name__icontains=part)
        return self.page(rows, ListShown)

    @extend_schema(operation_id="create_list", request=ListBody, responses={201: ListShown})
    def post(self, request: Any) -> Response:
        """A new list with nobody on it."""
        with transaction.atomic():
            made = create_list(**self.body(ListBody))
            audit(request, "list_created", "list", made.pk, {"name": [None, made.name]})
        return shown(ListShown(made).data, status=201, location=f"/api/v1/lists/{public_ids.encode('list', made.pk)}")


class OneList(Endpoint):
    scopes = {"GET": "contacts:read", "DELETE": "contacts:write"}

    @extend_schema(operation_id="get_list", parameters=[ident()], responses=ListShown)
    def get(self, request: Any, public_id: str) -> Response:
        """One list."""
        return Response(ListShown(find(ContactList.objects, "list", public_id)).data)

    @extend_schema(operation_id="archive_list", parameters=[ident()], responses={204: None})
    def delete(self, request: Any, public_id: str) -> Response:
        """Put a list away; it keeps its people, and opt-outs from it keep their meaning."""
        with transaction.atomic():
            row = find(ContactList.objects.select_for_update(), "list", public_id)
            archive_list(row, at=timezone.now())
            audit(request, "list_archived", "list", row.pk)
        return Response(status=204)


class RestoreList(Endpoint):
    scopes = {"POST": "contacts:write"}

    @extend_schema(operation_id="restore_list", parameters=[ident()], request=None, responses=ListShown)
    def post(self, request: Any, public_id: str) -> Response:
        """Bring a list back that was put away."""
        with transaction.atomic():
            row = find(ContactList.objects.select_for_update(), "list", public_id)
            restore_list(row)
            audit(request, "list_restored", "list", row.pk)
        return Response(ListShown(row).data)


class ListContacts(Endpoint):
    scopes = {"GET": "contacts:read", "POST": "contacts:write"}

    @extend_schema(operation_id="list_contacts_on_list", parameters=[ident()], responses=ContactShown(many=True))
    def get(self, request: Any, public_id: str) -> Response:
        """Who is on a list, the newest contact first."""
        row = find(ContactList.objects, "list", public_id)
        return self.page(Contact.objects.filter(list_memberships__list=row), ContactShown)

    @extend_schema(operation_id="add_to_list", parameters=[ident()], request=Members, responses=MembersAdded)
    def post(self, request: Any, public_id: str) -> Response:
        """Put people on a list; who is on it already stays, ids of nobody are passed over."""
        body = self.body(Members)
        with transaction.atomic():
            row = find(ContactList.objects, "list", public_id)
            added = add_to_list(row, body["contact_ids"])
            audit(request, "list_filled", "list", row.pk, {"added": added})
        return Response({"added": added})


class RemoveFromList(Endpoint):
    scopes = {"POST": "contacts:write"}

    @extend_schema(operation_id="remove_from_list", parameters=[ident()], request=Members, responses=MembersRemoved)
    def post(self, request: Any, public_id: str) -> Response:
        """Take people off a list. That is no opt-out: see suppressions."""
        body = self.body(Members)
        with transaction.atomic():
            row = find(ContactList.objects, "list", public_id)
            removed = remove_from_list(row, body["contact_ids"])
            audit(request, "list_emptied", "list", row.pk, {"removed": removed})
        return Response({"removed": removed})
