"""Exports: asked for here, written by a worker, fetched by a link that expires."""

from pathlib import PurePath
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from analytics import downloads, exports
from analytics.api.serializers import CampaignExportBody, ExportBody, ExportShown
from analytics.models import Export
from campaigns.models import Campaign
from compliance.services.audit import record
from config.api.auditing import audit
from config.api.endpoints import Endpoint, find
from config.api.parameters import ident
from config.api.permissions import PUBLIC, require
from config.api.throttles import address_of
from config.lib import public_ids
from segments.models import ContactList, Segment

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class _Exporting(Endpoint):
    """Asks for an export of one object."""

    def order(self, rows: QuerySet[Any], kind: str, public_id: str, body: Any) -> Response:
        one: Model = find(rows, kind, public_id)
        with transaction.atomic():
            made = exports.order(kind=kind, object_id=one.pk, by_id=self.request.user.pk, **body)
            said = {"of": kind, "id": public_id, **body}
            audit(self.request, "export_requested", "export", made.pk, said)
        made.refresh_from_db()
        headers = {"Location": f"/api/v1/exports/{public_ids.encode('export', made.pk)}"}
        return Response(_shown(made), status=202, headers=headers)


class ExportCampaign(_Exporting):
    scopes = {"POST": "campaigns:read"}

    @extend_schema(
        operation_id="export_campaign", parameters=[ident()], request=CampaignExportBody, responses={202: ExportShown}
    )
    def post(self, request: Any, public_id: str) -> Response:
        """Have the counts of a campaign written to a file, by hour and channel."""
        return self.order(Campaign.objects.all(), "campaign", public_id, self.body(CampaignExportBody))


class ExportSegment(_Exporting):
    scopes = {"POST": "contacts:export"}

    @extend_schema(
        operation_id="export_segment", parameters=[ident()], request=ExportBody, responses={202: ExportShown}
    )
    def post(self, request: Any, public_id: str) -> Response:
        """Have the people of a segment written to a file; those suppressed are marked."""
        require(request, "segments:read")
        return self.order(Segment.objects.all(), "segment", public_id, self.body(ExportBody))


class ExportList(_Exporting):
    scopes = {"POST": "contacts:export"}

    @extend_schema(operation_id="export_list", parameters=[ident()], request=ExportBody, responses={202: ExportShown})
    def post(self, request: Any, public_id: str) -> Response:
        """Have the people on a list written to a file; those suppressed are marked."""
        return self.order(ContactList.objects.all(), "list", public_id, self.body(ExportBody))


class OneExport(Endpoint):
    scopes = {"GET": ("campaigns:read", "contacts:export")}

    @extend_schema(operation_id="get_export", parameters=[ident()], responses=ExportShown)
    def get(self, request: Any, public_id: str) -> Response:
        """How far an export is, and the link to its file; only for who asked for it."""
        export = find(Export.objects.filter(created_by_id=request.user.pk), "export", public_id)
        require(request, downloads.scope_of(export))
        return Response(_shown(export))


class Download(Endpoint):
    scopes = {"GET": PUBLIC}

    @extend_schema(
        operation_id="download_export",
        parameters=[ident(), OpenApiParameter("token", OpenApiTypes.STR, required=True, description="Of the link")],
        responses={(200, kind.split(";")[0]): OpenApiTypes.BINARY for kind in _TYPES.values()},
    )
    def get(self, request: Any, public_id: str) -> Any:
        """The file of an export, by the `download_url` of the export; the link is all it takes."""
        export = downloads.opened(public_id, request.query_params.get("token", ""), at=timezone.now())
        name = str(export.file)
        file = _open(name)
        record(
            actor_id=export.created_by_id, api_key_id=None, action="export_downloaded", object_kind="export",
            object_id=export.pk, changes={"rows": export.rows}, request_id=request.request_id, ip=address_of(request),
        )  # fmt: skip
        kind = _TYPES[export.format]
        return FileResponse(file, as_attachment=True, filename=PurePath(name).name, content_type=kind)


def _open(name: str) -> Any:
    try:
        return default_storage.open(name, "rb")
    except FileNotFoundError:
        raise downloads.LinkExpired from None


def _shown(export: Export) -> dict[str, Any]:
    now = timezone.now()
    link = downloads.link(export, at=now)
    over = export.state == Export.State.COMPLETED and link is None
    facts = {name: getattr(export, name) for name in ("pk", "format", "rows", "error", "created_at", "finished_at")}
    status = Export.State.EXPIRED if over else export.state
    return dict(ExportShown({**facts, "status": status, "download_url": link}).data)
