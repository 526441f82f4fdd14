"""RFM: the latest snapshot, and those before it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, shown
from config.lib.errors import NotFound
from segments import rfm
from segments.api.serializers_rfm import RfmShown, SnapshotShown
from segments.models import RfmSnapshot
from segments.selectors import rfm as selectors
from segments.tasks import take_rfm_snapshot


class Rfm(Endpoint):
    scopes = {"GET": "segments:read", "POST": "segments:write"}

    @extend_schema(operation_id="get_rfm", responses=RfmShown)
    def get(self, request: Any) -> Response:
        """The latest snapshot: thresholds, the grid of recency and frequency, and the named cells."""
        snapshot = selectors.finished().first()
        if snapshot is None:
            raise NotFound
        return shown(RfmShown(_told(snapshot)).data)

    @extend_schema(operation_id="take_rfm", request=None, responses={202: None})
    def post(self, request: Any) -> Response:
        """Take a snapshot now instead of tonight, in the background."""
        audit(request, "rfm_asked", "segment", None)
        take_rfm_snapshot.apply_async(queue="work")
        return Response(status=202)


def _told(snapshot: RfmSnapshot) -> dict[str, Any]:
    squares = selectors.grid(snapshot)
    tallies = selectors.by_cell(squares)
    cells = [{"name": one.name, "label": str(one.label), "meaning": str(one.meaning), **vars(tallies[one.name])}
             for one in rfm.CELLS]  # fmt: skip
    flat = [{"recency": one.recency, "frequency": one.frequency, "cell": one.cell.name, **vars(one.tally)}
            for row in squares for one in row]  # fmt: skip
    return {"snapshot": snapshot, "cells": cells, "grid": flat}


class RfmSnapshots(Endpoint):
    scopes = {"GET": "segments:read"}

    @extend_schema(operation_id="list_rfm_snapshots", responses=SnapshotShown(many=True))
    def get(self, request: Any) -> Response:
        """Snapshots with their thresholds, the newest first."""
        return self.page(selectors.finished().order_by(), SnapshotShown)
