"""Assets: the images that mails show."""

from typing import Any

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find, shown
from config.api.parameters import flag, ident, text
from config.api.parsers import PlainJson
from config.api.uploads import ImageFile, TakesUpload, Upload
from config.lib import public_ids
from templates import services
from templates.api.serializers import AssetBody, AssetShown
from templates.models import Asset

_WHOLE = Asset.objects.prefetch_related("files")


class Assets(TakesUpload):
    scopes = {"GET": "templates:read", "POST": "templates:write"}
    parser_classes = [ImageFile, PlainJson]

    @extend_schema(
        operation_id="list_assets",
        parameters=[text("name", "Part of the name"), flag("archived", "Those put away instead")],
        responses=AssetShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """All images, the newest first."""
        rows = _WHOLE.filter(archived_at__isnull=not self.flag("archived"))
        if part := request.query_params.get("name"):
            rows = rows.filter(name__icontains=part)
        return self.page(rows, AssetShown)

    @extend_schema(
        operation_id="upload_asset",
        parameters=[text("name", "What the file is called"), text("alt", "What it shows")],
        request={"image/*": OpenApiTypes.BINARY},
        responses={201: AssetShown},
    )
    def post(self, request: Any) -> Response:
        """Keep an image (PNG, JPEG, GIF or WebP), stripped and in several widths. The same one is kept once."""
        if not isinstance(request.data, Upload):
            raise UnsupportedMediaType(request.content_type, "Send the file itself, as image/png, image/jpeg, …")
        given = request.query_params
        made = services.upload_asset(
            file=request.data.file, name=given.get("name") or "image", alt=given.get("alt", ""), by=request.user
        )
        audit(request, "asset_uploaded", "asset", made.pk, {"name": [None, made.name]})
        location = f"/api/v1/assets/{public_ids.encode('asset', made.pk)}"
        return shown(AssetShown(made).data, status=201, row=made, location=location)


class OneAsset(Endpoint):
    scopes = {"GET": "templates:read", "PATCH": "templates:write", "DELETE": "templates:write"}

    @extend_schema(operation_id="get_asset", parameters=[ident()], responses=AssetShown)
    def get(self, request: Any, public_id: str) -> Response:
        """One image with the addresses of its widths."""
        asset = find(_WHOLE, "asset", public_id)
        return shown(AssetShown(asset).data, row=asset)

    @extend_schema(operation_id="describe_asset", parameters=[ident()], request=AssetBody, responses=AssetShown)
    def patch(self, request: Any, public_id: str) -> Response:
        """Say what an image shows."""
        body = self.body(AssetBody)
        with transaction.atomic():
            asset = find(Asset.objects.select_for_update(), "asset", public_id)
            self.check_unchanged(asset)
            services.describe_asset(asset, alt=body["alt"])
            audit(request, "asset_described", "asset", asset.pk)
        return shown(AssetShown(asset).data, row=asset)

    @extend_schema(operation_id="archive_asset", parameters=[ident()], responses={204: None})
    def delete(self, request: Any, public_id: str) -> Response:
        """Take an image out of the choices; mails that show it keep showing it."""
        with transaction.atomic():
            asset = find(Asset.objects.select_for_update(), "asset", public_id)
            self.check_unchanged(asset)
            services.archive_asset(asset)
            audit(request, "asset_archived", "asset", asset.pk)
        return Response(status=204)


class RestoreAsset(Endpoint):
    scopes = {"POST": "templates:write"}

    @extend_schema(operation_id="restore_asset", parameters=[ident()], request=None, responses=AssetShown)
    def post(self, request: Any, public_id: str) -> Response:
        """Offer an image again that was put away."""
        with transaction.atomic():
            asset = find(Asset.objects.select_for_update(), "asset", public_id)
            services.restore_asset(asset)
            audit(request, "asset_restored", "asset", asset.pk)
        return shown(AssetShown(asset).data, row=asset)
