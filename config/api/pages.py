"""Lists in pages: `limit` and an opaque `cursor`, the newest first. A page costs the same however deep it lies."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from config.lib import public_ids
from config.lib.errors import FieldError, Invalid, NotFound

LIMIT, MOST = 50, 200


class CursorPages(BasePagination):
    """Keyset pages by primary key; `next` is the whole address of the following page, or null."""

    def paginate_queryset(self, queryset: QuerySet[Any], request: Any, view: Any = None) -> list[Any]:
        limit, cursor = _limit(request), request.query_params.get("cursor")
        if cursor:
            queryset = queryset.filter(pk__lt=_position(cursor))
        rows = list(queryset.order_by("-pk")[: limit + 1])
        self.next = None
        if len(rows) > limit:
            rows = rows[:limit]
            position = public_ids.encode("cursor", rows[-1].pk)
            self.next = replace_query_param(request.build_absolute_uri(), "cursor", position)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": {"type": ["string", "null"], "format": "uri"}},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit},
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
        ]


def _limit(request: Any) -> int:
    text = request.query_params.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
        raise Invalid(FieldError("/limit", f"Give a number from 1 to {MOST}."))
    return int(text)


def _position(cursor: str) -> int:
    try:
        return public_ids.decode("cursor", cursor)
    except NotFound:
        raise Invalid(FieldError("/cursor", "Take the cursor from `next` of the page before.")) from None
