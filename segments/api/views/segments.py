"""Segments: rules over contacts."""

from contextlib import suppress
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.auditing import audit, difference
from config.api.endpoints import Endpoint, find, shown
from config.api.errors import under
from config.api.parameters import flag, ident, text
from config.lib import public_ids
from segments.api.serializers import Estimate, EstimateBody, SegmentBody, SegmentDetail, SegmentShown
from segments.errors import InvalidCriteria, SegmentTooSlow
from segments.models import Segment
from segments.selectors import size_and_sample
from segments.selectors.limits import time_limit
from segments.services.segments import (
    archive_segment,
    create_segment,
    edit_segment,
    measure_segment,
    restore_segment,
    save_criteria,
)

COUNT_LIMIT = 0.25  # seconds
_NAMED = ("name", "description", "dynamic")


class Segments(Endpoint):
    scopes = {"GET": "segments:read", "POST": "segments:write"}

    @extend_schema(
        operation_id="list_segments",
        parameters=[text("name", "Part of the name"), flag("archived", "Those put away instead")],
        responses=SegmentShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """All segments, the newest first."""
        rows = Segment.objects.filter(archived_at__isnull=not self.flag("archived")).select_related("current")
        if part := request.query_params.get("name"):
            rows = rows.filter(name__icontains=part)
        return self.page(rows, SegmentShown)

    @extend_schema(operation_id="create_segment", request=SegmentBody, responses={201: SegmentDetail})
    def post(self, request: Any) -> Response:
        """A new segment; its rule is version 1."""
        body = self.body(SegmentBody)
        with transaction.atomic(), under("/criteria", InvalidCriteria):
            segment = create_segment(by=request.user, **body)
            audit(request, "segment_created", "segment", segment.pk, difference({}, {"name": segment.name}))
        _count(segment)
        location = f"/api/v1/segments/{public_ids.encode('segment', segment.pk)}"
        return shown(SegmentDetail(segment).data, status=201, row=segment, location=location)


class OneSegment(Endpoint):
    scopes = {"GET": "segments:read", "PATCH": "segments:write", "DELETE": "segments:write"}

    @extend_schema(operation_id="get_segment", parameters=[ident()], responses=SegmentDetail)
    def get(self, request: Any, public_id: str) -> Response:
        """One segment with its rule and its size."""
        segment = find(Segment.objects.select_related("current"), "segment", public_id)
        if segment.size is None:
            _count(segment)
        return shown(SegmentDetail(segment).data, row=segment)

    @extend_schema(
        operation_id="update_segment", parameters=[ident()], request=SegmentBody(partial=True), responses=SegmentDetail
    )
    def patch(self, request: Any, public_id: str) -> Response:
        """Change what is given; another rule makes a new version."""
        body = self.body(SegmentBody, partial=True)
        with transaction.atomic():
            segment = self._locked(public_id)
            before = _facts(segment)
            if body.keys() & set(_NAMED):
                edit_segment(segment, **{name: body.get(name, getattr(segment, name)) for name in _NAMED})
            if "criteria" in body:
                with under("/criteria", InvalidCriteria):
                    save_criteria(segment, body["criteria"], by=request.user)
            audit(request, "segment_changed", "segment", segment.pk, difference(before, _facts(segment)))
        _count(segment)
        return shown(SegmentDetail(segment).data, row=segment)

    @extend_schema(operation_id="archive_segment", parameters=[ident()], responses={204: None})
    def delete(self, request: Any, public_id: str) -> Response:
        """Put a segment away; refused while something stands on it. Its versions stay."""
        with transaction.atomic():
            segment = self._locked(public_id)
            archive_segment(segment)
            audit(request, "segment_archived", "segment", segment.pk)
        return Response(status=204)

    def _locked(self, public_id: str) -> Segment:
        segment = find(Segment.objects.select_related("current").select_for_update(of=("self",)), "segment", public_id)
        self.check_unchanged(segment)
        return segment


class RestoreSegment(Endpoint):
    scopes = {"POST": "segments:write"}

    @extend_schema(operation_id="restore_segment", parameters=[ident()], request=None, responses=SegmentDetail)
    def post(self, request: Any, public_id: str) -> Response:
        """Bring a segment back that was put away."""
        segment = find(Segment.objects.select_related("current"), "segment", public_id)
        with transaction.atomic():
            restore_segment(segment)
            audit(request, "segment_restored", "segment", segment.pk)
        return shown(SegmentDetail(segment).data, row=segment)


class EstimateSegment(Endpoint):
    scopes = {"POST": "segments:read"}

    @extend_schema(operation_id="estimate_segment", request=EstimateBody, responses=Estimate)
    def post(self, request: Any) -> Response:
        """How many people a rule matches now; nothing is kept."""
        body = self.body(EstimateBody)
        with under("/criteria", InvalidCriteria):
            preview = size_and_sample(body["criteria"], sample=0)
        return Response({"estimated_size": preview.size, "computation_time_ms": preview.milliseconds})


def _facts(segment: Segment) -> dict[str, Any]:
    """What the audit log says of a segment; a rule may hold values of persons, so its version stands for it."""
    return {
        "name": segment.name, "description": segment.description, "dynamic": segment.dynamic,
        "version": segment.current.number if segment.current else None,
    }  # fmt: skip


def _count(segment: Segment) -> None:
    """Its size, when that is quickly known."""
    with suppress(SegmentTooSlow), time_limit(COUNT_LIMIT):
        measure_segment(segment)
