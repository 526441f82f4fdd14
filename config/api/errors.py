"""Every error of the API as problem+json (RFC 9457), mapped in this one place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from config.lib.errors import DomainError, FieldError, Invalid, NotFound

PROBLEM = "application/problem+json"


class NotAvailableYet(Invalid):
    """A later part of the product brings this."""

    code = "not_available_yet"


class PreconditionFailed(DomainError):
    """It was changed since you read it: read it again, then send your change with its new ETag."""

    code = "precondition_failed"
    status = 412


def respond(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None leaves what is a defect to become a 500."""
    if isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, DomainError):
        response = _of_domain(error)
    elif isinstance(error, exceptions.APIException):
        response = _of_framework(error)
    else:
        return None
    set_rollback()
    response.data["request_id"] = getattr(context["request"], "request_id", "")
    return response


def invalid(detail: Any, *, pointer: str = "") -> Invalid:
    """DRF's nested errors as ours, each with the JSON pointer of its field."""
    return Invalid(*_flatten(detail, pointer))


@contextmanager
def under(pointer: str, kind: type[Invalid]) -> Iterator[None]:
    """Errors of this kind point into a part of the body: say where that part is."""
    try:
        yield
    except kind as error:
        raise kind(*(replace(one, pointer=pointer + one.pointer) for one in error.errors)) from error


def _of_domain(error: DomainError) -> Response:
    errors = error.errors if isinstance(error, Invalid) else ()
    if not errors and error.pointer:
        errors = (FieldError(error.pointer, error.detail, error.code),)
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    return _problem(error.status, error.code, title, error.detail, errors, allowed=getattr(error, "allowed", None))


def _of_framework(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        return _of_domain(invalid(error.detail))
    code = error.get_codes()
    response = _problem(
        error.status_code,
        code if isinstance(code, str) else error.default_code,
        HTTPStatus(error.status_code).phrase,
        str(error.detail),
    )
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def _problem(
    status: int, code: str, title: str, detail: str, errors: Any = (), allowed: tuple[str, ...] | None = None
) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    if errors:
        body["errors"] = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors]
    if allowed is not None:
        body["allowed"] = list(allowed)
    return Response(body, status=status, content_type=PROBLEM)


def _flatten(detail: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(detail, dict):
        for name, below in detail.items():
            at = pointer if name == api_settings.NON_FIELD_ERRORS_KEY else f"{pointer}/{_escaped(str(name))}"
            yield from _flatten(below, at)
    elif isinstance(detail, list):
        for number, below in enumerate(detail):
            nested = isinstance(below, dict | list)
            yield from _flatten(below, f"{pointer}/{number}" if nested else pointer)
    else:
        yield FieldError(pointer, str(detail), getattr(detail, "code", "invalid"))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


@csrf_exempt  # its refusal would be a page
def not_found(request: Any, exception: Exception | None = None) -> JsonResponse:
    """Addresses below /api/ that nothing answers to."""
    body = {
        "type": "about:blank",
        "title": "There is nothing here.",
        "status": status.HTTP_404_NOT_FOUND,
        "code": "not_found",
        "detail": "No endpoint has this address: see /api/docs.",
        "request_id": getattr(request, "request_id", ""),
    }
    return JsonResponse(body, status=404, content_type=PROBLEM)
