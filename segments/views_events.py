"""Segment's addresses, for its own libraries as they are (https://segment.com/docs/connections/sources/catalog/).

They answer 200, not 202: some of the libraries send again whatever is answered otherwise.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from config.lib.errors import DomainError
from segments.api import receiving
from segments.api.receiving import TooManyEvents
from segments.events.reading import Delivery, read
from segments.events.spelling import from_segment
from segments.models import WriteKey

View = Callable[..., HttpResponse]
_ROUTES = {"t": "track", "p": "page", "i": "identify", "g": "group", "a": "alias", "s": "screen"}
_CORS = {
    # no cookie is ever read here, so any page may ask; which sites a key is for is checked with the key
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding",
    "Access-Control-Max-Age": "86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def for_browsers(method: str) -> Callable[[View], View]:
    """An address that pages of any site may use with one method, with errors as problem+json (RFC 9457)."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
            elif request.method != method:
                response = HttpResponse(status=405, headers={"Allow": f"{method}, OPTIONS"})
            else:
                try:
                    response = view(request, **kwargs)
                except DomainError as error:
                    response = _problem(error, request)
            for name, value in _CORS.items():
                response[name] = value
            response["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


@for_browsers("POST")
def receive(request: HttpRequest, kind: str) -> HttpResponse:
    """One message, or a batch of them; `kind` is what they are unless they say `type` themselves."""
    at = timezone.now()
    key, delivery = _read(request, at)
    receiving.admit(key, len(delivery.items))
    sent_at = delivery.envelope.get("sentAt")
    items = [_translated(one, _ROUTES.get(kind, kind), sent_at, key) for one in delivery.items]
    return JsonResponse({"success": True, **receiving.deliver(items, receiving.sender_of(key), at=at)})


def _read(request: HttpRequest, at: datetime) -> tuple[WriteKey, Delivery]:
    """Whose key, and what it sends. With the key in the body, a body that cannot be read is nobody's."""
    body, origin = receiving.body_of(request), request.headers.get("Origin")
    if text := receiving.key_text(request, {}):
        key = receiving.find_key(text, at=at, origin=origin)
        return key, receiving.read_body(body, receiving.sender_of(key), at=at)
    delivery = read(body)
    [only] = delivery.items if not delivery.is_batch else [delivery.envelope]
    envelope = only if isinstance(only, dict) else {}
    return receiving.find_key(receiving.key_text(request, envelope), at=at, origin=origin), delivery


def _translated(item: Any, kind: str, sent_at: Any, key: WriteKey) -> Any:
    if not isinstance(item, dict):
        return item
    return from_segment(item, kind=kind, sent_at=sent_at, namespace=f"write-key-{key.pk}")


@for_browsers("GET")
def settings(request: HttpRequest, key: str) -> HttpResponse:
    """What Segment's browser library asks before it begins: that all of it goes to us."""
    receiving.find_key(key, at=timezone.now(), origin=request.headers.get("Origin"))
    destination: dict[str, Any] = {
        "apiKey": key,
        "apiHost": f"{request.get_host()}/v1",
        "protocol": request.scheme,
        "unbundledIntegrations": [],
        "addBundledMetadata": False,
        "maybeBundledConfigIds": {},
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
    }
    plan = {"track": {"__default": {"enabled": True, "integrations": {}}}}
    return JsonResponse({"integrations": {"Segment.io": destination}, "plan": plan, "enabledMiddleware": {}})


def _problem(error: DomainError, request: HttpRequest) -> HttpResponse:
    title = (type(error).__doc__ or "").strip().splitlines()[0]
    body = {"type": "about:blank", "title": title, "status": error.status, "code": error.code, "detail": error.detail,
            "message": error.detail, "request_id": getattr(request, "request_id", "")}  # fmt: skip
    response = JsonResponse(body, status=error.status, content_type="application/problem+json")
    if isinstance(error, TooManyEvents):
        response["Retry-After"] = str(error.wait)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Basic realm="events"'
    return response
