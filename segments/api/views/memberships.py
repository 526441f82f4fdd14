"""Who is in a segment, was in it, came and went."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find
from config.api.parameters import ident, text
from config.lib.errors import FieldError, Invalid
from segments.api.serializers import MembersAdded, MembersRemoved
from segments.api.serializers_memberships import (
    ChangesShown,
    DaysShown,
    InSegment,
    MemberShown,
    StandingShown,
)
from segments.models import Contact, Segment
from segments.selectors.identity import ids_of
from segments.selectors.memberships import MembersAt, Place, changes_after, days, members, since_when
from segments.selectors.standing import standing
from segments.services.hand_kept import add_people, remove_people
from segments.services.membership_passes import ask_for_pass

_AT = text("at", "A moment, such as 2026-03-03T12:00:00Z; left out: now")
_PLACE = re.compile(r"(\d{1,18})-(\d{1,18})")


class SegmentMembers(Endpoint):
    scopes = {"GET": "contacts:read", "POST": "segments:write"}

    @extend_schema(operation_id="list_segment_members", parameters=[ident(), _AT], responses=MemberShown(many=True))
    def get(self, request: Any, public_id: str) -> Response:
        """Who is in a segment as it is kept up, or was in it at a moment; the newest contact first."""
        segment, at = find(Segment.objects, "segment", public_id), _moment(request)
        shown = self.paginate_queryset(MembersAt(segment.pk, at) if at else members(segment.pk))
        known = since_when(segment.pk, [one.pk for one in shown])
        for one in shown:
            here = known.get(one.pk)
            one.since, one.how = (here.added_at, here.how) if here and (not at or here.added_at <= at) else (None, "")
        return self.get_paginated_response(MemberShown(shown, many=True).data)

    @extend_schema(operation_id="add_to_segment", parameters=[ident()], request=InSegment, responses=MembersAdded)
    def post(self, request: Any, public_id: str) -> Response:
        """Put people into a frozen segment; ids of nobody are passed over."""
        body = self.body(InSegment)
        with transaction.atomic():
            segment = find(Segment.objects, "segment", public_id)
            added = len(add_people(segment, body["contact_ids"]))
            audit(request, "segment_filled", "segment", segment.pk, {"added": added})
        return Response({"added": added})


class RemoveFromSegment(Endpoint):
    scopes = {"POST": "segments:write"}

    @extend_schema(
        operation_id="remove_from_segment", parameters=[ident()], request=InSegment, responses=MembersRemoved
    )
    def post(self, request: Any, public_id: str) -> Response:
        """Take people out of a frozen segment."""
        body = self.body(InSegment)
        with transaction.atomic():
            segment = find(Segment.objects, "segment", public_id)
            removed = len(remove_people(segment, body["contact_ids"]))
            audit(request, "segment_emptied", "segment", segment.pk, {"removed": removed})
        return Response({"removed": removed})


class OneMember(Endpoint):
    scopes = {"GET": "contacts:read"}

    @extend_schema(
        operation_id="get_segment_member", parameters=[ident(), ident("contact_id"), _AT], responses=StandingShown
    )
    def get(self, request: Any, public_id: str, contact_id: str) -> Response:
        """Whether somebody was in a segment at a moment, by which rule, and how its conditions hold for them now."""
        segment = find(Segment.objects, "segment", public_id)
        contact = find(Contact.objects, "contact", contact_id)
        found = standing(segment, contact, ids_of(contact.pk), at=_moment(request) or timezone.now())
        conditions = [
            {"depth": one.line.depth, "words": one.line.text, "holds_now": one.holds} for one in found.conditions
        ]
        version = found.version.number if found.version else None
        return Response(
            StandingShown(
                {"was_in": found.was_in, "at": found.at, "version": version, "conditions": conditions,
                 "stays": found.stays}
            ).data
        )  # fmt: skip


class SegmentDays(Endpoint):
    scopes = {"GET": "segments:read"}

    @extend_schema(operation_id="get_segment_days", parameters=[ident()], responses=DaysShown)
    def get(self, request: Any, public_id: str) -> Response:
        """Its size on each of the last 90 days (UTC), and how many came and went of themselves."""
        segment = find(Segment.objects, "segment", public_id)
        return Response(DaysShown({"days": days(segment.pk, last=timezone.now().date())}).data)


class RefreshSegment(Endpoint):
    scopes = {"POST": "segments:write"}

    @extend_schema(operation_id="refresh_segment", parameters=[ident()], request=None, responses={202: None})
    def post(self, request: Any, public_id: str) -> Response:
        """Have everybody looked at again, in the background."""
        ask_for_pass(find(Segment.objects, "segment", public_id), at=timezone.now())
        return Response(status=202)


class SegmentChanges(Endpoint):
    scopes = {"GET": "contacts:read"}

    @extend_schema(
        operation_id="list_segment_changes",
        parameters=[text("after", "The `place` of the answer before; left out: from the beginning")],
        responses=ChangesShown,
    )
    def get(self, request: Any) -> Response:
        """Entries and exits of all segments, in one order that never changes; none is passed by. Up to 1,000."""
        after = request.query_params.get("after", "0-0")
        given = _PLACE.fullmatch(after)
        if given is None:
            raise Invalid(FieldError("/after", "Take it from `place` of the answer before."))
        found = changes_after(Place(int(given[1]), int(given[2])))
        last = found[-1].place if found else Place(int(given[1]), int(given[2]))
        return Response(ChangesShown({"results": found, "place": f"{last.xid}-{last.row}"}).data)


def _moment(request: Any) -> datetime | None:
    given = request.query_params.get("at")
    if given is None:
        return None
    try:
        found = parse_datetime(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Invalid(FieldError("/at", "Give a moment with its zone, such as 2026-03-03T12:00:00Z."))
    return found
