"""Who is who: two contacts made one, and why a history is somebody's."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find, shown
from config.api.fields import Body, PublicId
from config.api.parameters import ident
from segments.api.serializers import ContactShown
from segments.models import Contact
from segments.selectors.identity import reasons
from segments.services.merging import merge_contacts


class MergeBody(Body):
    contact_id = PublicId("contact", help_text="The one that goes: it becomes part of this one")


class ReasonShown(serializers.Serializer):
    """One thing that makes history this contact's."""

    kind = serializers.ChoiceField(["linked", "merged"])
    at = serializers.DateTimeField()
    visitor_id = PublicId("visitor", allow_null=True)
    event_id = serializers.CharField(allow_null=True, help_text="The event that named both")
    former_contact_id = PublicId("contact", source="former_id", allow_null=True)


class MergeContacts(Endpoint):
    scopes = {"POST": "contacts:write"}

    @extend_schema(operation_id="merge_contacts", parameters=[ident()], request=MergeBody, responses=ContactShown)
    def post(self, request: Any, public_id: str) -> Response:
        """Make another contact part of this one: blanks are filled in; lists, history, opt-outs are of both."""
        kept, gone_id = find(Contact.objects, "contact", public_id), self.body(MergeBody)["contact_id"]
        with transaction.atomic():
            merged = merge_contacts(kept_id=kept.pk, gone_id=gone_id, at=timezone.now(), actor_id=request.user.pk)
            audit(request, "contacts_merged", "contact", merged.pk, {"gone": gone_id})
        return shown(ContactShown(merged).data, row=merged)


class Identity(Endpoint):
    scopes = {"GET": "contacts:read"}

    @extend_schema(operation_id="explain_identity", parameters=[ident()], responses=ReasonShown(many=True))
    def get(self, request: Any, public_id: str) -> Response:
        """Why this history is this contact's: links of visitors and merges, oldest first."""
        contact = find(Contact.objects, "contact", public_id)
        return Response({"results": ReasonShown(reasons(contact.pk), many=True).data, "next": None})
