"""OpenAPI 3.1 from the code: what all operations share is said here once."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from config.api.permissions import PUBLIC

_PROBLEM = {
    "description": "What went wrong, and what to do (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_TEXT = {"type": "string"}
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs: not_found, invalid, not_available_yet, …"},
        "detail": _TEXT,
        "request_id": {"type": "string", "description": "Tell us this when you ask for help"},
        "allowed": {"type": "array", "items": _TEXT, "description": "With illegal_move: what can be done instead"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer to the field at fault"},
                    "code": _TEXT,
                    "detail": _TEXT,
                },
            },
        },
    },
}
_STATUSES = {
    "get": (400, 401, 403, 404, 422, 429, 503),
    "post": (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 502, 503),
    "patch": (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503),
    "put": (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503),
    "delete": (400, 401, 403, 404, 409, 412, 422, 429, 503),
}


def _header(name: str, says: str, **limits: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": says, "schema": {**_TEXT, **limits}}


_HEADERS = {
    "post": [_header("Idempotency-Key", "Repeated with the same key, the first answer is replayed", maxLength=255)],
    "patch": [_header("If-Match", "The ETag you saw: 412 when it was changed since")],
    "delete": [_header("If-Match", "The ETag you saw: 412 when it was changed since")],
}


class ScopedSchema(AutoSchema):
    """Says of each operation which scope it needs, and groups them by noun."""

    def get_description(self) -> str:
        scope = self.view.scopes.get(self.method)
        if scope == PUBLIC:
            return f"{super().get_description()}\n\nNeeds no key."
        scopes = (scope,) if isinstance(scope, str) else scope
        return f"{super().get_description()}\n\nScope: {' or '.join(f'`{one}`' for one in scopes)}"

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]


def add_what_is_shared(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Problems and headers of every operation."""
    result["components"]["schemas"]["Problem"] = _PROBLEM_SCHEMA
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status in _STATUSES.get(method, ()):
                operation["responses"].setdefault(str(status), _PROBLEM)
            operation.setdefault("parameters", []).extend(_HEADERS.get(method, []))
    return result
