"""The public answers to opened mails and clicked links: no cookie, no sign-in, one round trip to the database.

Where a click leads comes from our own row or from what we sealed, never from the request (STANDARDS A11.8-9). HEAD
never counts. The pixel is a picture whatever was asked for.
"""

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from config.lib.errors import NotFound
from config.lib.tokens import InvalidToken
from delivery.models import Hit
from delivery.preparing import web_page
from delivery.tracking import hits, tokens
from delivery.tracking.hits import Client
from delivery.tracking.links import destination
from templates.errors import MissingMergeTag, RenderFailed

PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
# Nothing runs and nothing is sent from the page: it is somebody's message, on our host (STANDARDS B8.10).
_PAGE_HEADERS = {
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline' https:; img-src https: http: data:; font-src https: data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
log = structlog.get_logger(__name__)


@csrf_exempt  # else a POST would be answered by a page
@never_cache
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    """One transparent pixel, always (A11.7)."""
    if request.method == "GET":
        try:
            message_id = tokens.read_message("open", token.removesuffix(".gif"))
            hits.record(Hit.Kind.OPENED, message_id=message_id, client=client_of(request))
        except InvalidToken:
            pass
        except DatabaseError:
            log.exception("open_not_stored")
    return HttpResponse(PIXEL, content_type="image/gif")


@never_cache
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """A link that has a row."""
    try:
        message_id, link_id = tokens.read_click(token)
    except InvalidToken:
        return _unknown(request)
    if request.method == "HEAD":
        return _lead_to(request, hits.look(message_id, link_id))
    kind = Hit.Kind.CLICKED if link_id != tokens.BAIT else Hit.Kind.BAITED
    return _lead_to(request, hits.record(kind, message_id=message_id, link_id=link_id, client=client_of(request)))


@never_cache
@require_safe
def sealed_click(request: HttpRequest, token: str) -> HttpResponse:
    """A link with contact data in it: its address is in the token."""
    try:
        message_id, url = tokens.read_sealed(token)
    except InvalidToken:
        return _unknown(request)
    if request.method == "GET":
        try:
            hits.record(Hit.Kind.CLICKED, message_id=message_id, url=url, client=client_of(request))
        except DatabaseError:  # the reader can be led on all the same
            log.exception("click_not_stored")
    return _lead_to(request, url)


@never_cache
@require_safe
def view(request: HttpRequest, token: str) -> HttpResponse:
    """The message as a page, for mail programs that show it badly. It has no pixel: its mail has."""
    try:
        html, text = web_page(tokens.read_message("view", token))
    except (NotFound, RenderFailed, MissingMergeTag):
        return _unknown(request)
    kind = "text/html" if html else "text/plain"
    return HttpResponse(html or text, content_type=f"{kind}; charset=utf-8", headers=_PAGE_HEADERS)


def client_of(request: HttpRequest) -> Client:
    """Who asks, by what the nearest proxy that we trust says of it."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.META.get("HTTP_X_FORWARDED_FOR", address).rpartition(",")[2]
    return Client.of(request.META.get("HTTP_USER_AGENT", ""), address)


def _lead_to(request: HttpRequest, url: str | None) -> HttpResponse:
    target = destination(url) if url else None
    if target is None:
        return _unknown(request)
    # not HttpResponseRedirect, which refuses addresses that are long: this one is checked
    return HttpResponse(status=302, headers={"Location": target, "Referrer-Policy": "no-referrer"})


def _unknown(request: HttpRequest) -> HttpResponse:
    return render(request, "delivery/link_unknown.html", status=404)
