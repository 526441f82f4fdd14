"""The base of every endpoint: checked bodies, pages, ETags."""

import base64
import hashlib
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import QuerySet
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from config.api import replays
from config.api.errors import PROBLEM, PreconditionFailed
from config.api.throttles import tell
from config.lib import public_ids
from config.lib.errors import FieldError, Invalid, NotFound

M = TypeVar("M", bound=models.Model)


class Endpoint(GenericAPIView):
    """`scopes` names what each method needs; what is not named is denied."""

    scopes: ClassVar[Mapping[str, str | tuple[str, ...]]] = {}
    replay_key: str | None = None  # reserved by this very request
    http_method_names = ["get", "post", "patch", "put", "delete", "head"]

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, value in request.query_params.items():
            if "\x00" in value:
                raise Invalid(FieldError(f"/{name}", "NUL is no character of text."))
        if key := replays.key_of(request):
            replays.begin(request, key)
            self.replay_key = key

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, replays.Replayed):
            answer = error.answer
            kind = PROBLEM if answer.status >= 400 else None
            headers = {**answer.headers, "Idempotent-Replayed": "true"}
            return Response(answer.body, status=answer.status, headers=headers, content_type=kind)
        try:
            return super().handle_exception(error)
        except Exception:
            self._forget_replay()
            raise

    def body(self, serializer_class: Any, *, partial: bool = False) -> dict[str, Any]:
        """The checked body. Raises ValidationError, which is answered with pointers."""
        serializer = serializer_class(data=self.request.data, partial=partial, context={"request": self.request})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def page(self, rows: QuerySet[Any], serializer_class: Any) -> Response:
        """One page of rows."""
        shown = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer_class(shown, many=True, context={"request": self.request}).data)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        tell(request, response)
        if self.replay_key:
            replays.finish(request, self.replay_key, response)
        response["Cache-Control"] = "no-store"
        return response

    def check_unchanged(self, row: Any) -> None:
        """Raise PreconditionFailed when the caller changes what he did not see. If-Match is the caller's choice."""
        wanted = self.request.headers.get("If-Match", "").strip()
        if wanted not in ("", "*") and etag(row) not in [tag.strip() for tag in wanted.split(",")]:
            raise PreconditionFailed

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false; absent is false."""
        text = self.request.query_params.get(name, "false")
        if text not in ("true", "false"):
            raise Invalid(FieldError(f"/{name}", "Write true or false."))
        return bool(text == "true")

    def _forget_replay(self) -> None:
        """A defect: the request may be tried again with the same key."""
        if self.replay_key:
            replays.finish(self.request, self.replay_key, Response(status=500))

    def choices(self, **allowed: Collection[str]) -> dict[str, str]:
        """The query parameters given of these, each one of its choices."""
        given = {name: self.request.query_params[name] for name in allowed if name in self.request.query_params}
        wrong = [FieldError(f"/{name}", f"Choose from {', '.join(allowed[name])}.") for name, value in given.items()
                 if value not in allowed[name]]  # fmt: skip
        if wrong:
            raise Invalid(*wrong)
        return given


def find(rows: QuerySet[M] | models.Manager[M], kind: str, public_id: str) -> M:
    """The row with this public id. Raises NotFound, the same for an id of another kind and one that is gone."""
    found = rows.filter(pk=public_ids.decode(kind, public_id)).first()
    if found is None:
        raise NotFound
    return found


def etag(row: Any) -> str:
    """Changes whenever the row is written."""
    digest = hashlib.blake2b(f"{row.pk} {row.updated_at.isoformat()}".encode(), digest_size=9).digest()
    return f'"{base64.urlsafe_b64encode(digest).decode()}"'


def shown(data: Any, *, status: int = 200, row: Any = None, location: str = "") -> Response:
    """An answer, with the ETag of the row it shows."""
    response = Response(data, status=status)
    if row is not None:
        response["ETag"] = etag(row)
    if location:
        response["Location"] = location
    return response
