"""Imports: a CSV or JSON Lines file becomes people in three steps: upload, check (a dry run), start."""

from typing import Any

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response

from config.api.auditing import audit
from config.api.endpoints import Endpoint, find
from config.api.parameters import choice, ident, text
from config.api.parsers import PlainJson
from config.api.uploads import CsvFile, JsonLinesFile, TakesUpload, Upload
from config.lib import public_ids
from config.lib.errors import FieldError, Invalid
from segments.api.serializers import CheckBody, ImportProblem, ImportShown
from segments.models import ContactList, Import
from segments.selectors.imports import problems
from segments.services.imports import prepare, receive, start


class Imports(TakesUpload):
    scopes = {"GET": "imports:read", "POST": "imports:write"}
    parser_classes = [CsvFile, JsonLinesFile, PlainJson]

    @extend_schema(
        operation_id="list_imports",
        parameters=[choice("state", "Where it stands", Import.State.values)],
        responses=ImportShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """All imports, the newest first."""
        return self.page(Import.objects.filter(**self.choices(state=Import.State.values)), ImportShown)

    @extend_schema(
        operation_id="upload_import",
        parameters=[text("name", "What the file is called")],
        request={"text/csv": OpenApiTypes.BINARY, "application/x-ndjson": OpenApiTypes.BINARY},
        responses={201: ImportShown},
    )
    def post(self, request: Any) -> Response:
        """Keep a CSV or JSON Lines file, find out how to read it, guess its mapping. No contact is written."""
        if not isinstance(request.data, Upload):
            raise UnsupportedMediaType(
                request.content_type, "Send the file itself, as text/csv or application/x-ndjson."
            )
        name = request.query_params.get("name") or "upload.csv"
        made = receive(file=request.data.file, name=name, by=request.user)
        audit(request, "import_uploaded", "import", made.pk, {"bytes": made.size})
        headers = {"Location": f"/api/v1/imports/{public_ids.encode('import', made.pk)}"}
        return Response(ImportShown(made).data, status=201, headers=headers)


class OneImport(Endpoint):
    scopes = {"GET": "imports:read"}

    @extend_schema(operation_id="get_import", parameters=[ident()], responses=ImportShown)
    def get(self, request: Any, public_id: str) -> Response:
        """One import with its counts and progress."""
        return Response(ImportShown(find(Import.objects, "import", public_id)).data)


class CheckImport(Endpoint):
    scopes = {"POST": "imports:write"}

    @extend_schema(operation_id="check_import", parameters=[ident()], request=CheckBody, responses={202: ImportShown})
    def post(self, request: Any, public_id: str) -> Response:
        """Settle how the file is meant, and begin a dry run: its `counts` say what a start would do."""
        body = self.body(CheckBody)
        with transaction.atomic():
            one = find(Import.objects, "import", public_id)
            prepare(
                one, mapping=body.get("mapping"), update_policy=body["update_policy"],
                default_region=body["default_region"], to_list=_list(body),
            )  # fmt: skip
            audit(request, "import_checked", "import", one.pk)
        return Response(ImportShown(one).data, status=202)


class StartImport(Endpoint):
    scopes = {"POST": "imports:write"}

    @extend_schema(operation_id="start_import", parameters=[ident()], request=None, responses={202: ImportShown})
    def post(self, request: Any, public_id: str) -> Response:
        """Let a checked import be written. It clears no suppression and re-subscribes nobody."""
        with transaction.atomic():
            one = start(find(Import.objects, "import", public_id))
            audit(request, "import_started", "import", one.pk)
        return Response(ImportShown(one).data, status=202)


class ImportProblems(Endpoint):
    scopes = {"GET": "imports:read"}

    @extend_schema(operation_id="list_import_problems", parameters=[ident()], responses=ImportProblem(many=True))
    def get(self, request: Any, public_id: str) -> Response:
        """The first 200 rows that were not imported, by line; the admin has them all as a file."""
        rows = problems(find(Import.objects, "import", public_id))[:200]
        return Response({"results": ImportProblem(rows, many=True).data, "next": None})


def _list(body: dict[str, Any]) -> ContactList | None:
    if "list_id" not in body:
        return None
    found = ContactList.objects.filter(pk=body["list_id"], archived_at=None).first()
    if found is None:
        raise Invalid(FieldError("/list_id", "There is no list with this id.", "unknown"))
    return found
