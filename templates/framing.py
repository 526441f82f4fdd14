"""A mail on a page of ours: in a frame, as a document without an origin, scripts, forms or any reach but pictures.

The frame is sandboxed by its own policy as well as by the page around it (STANDARDS B8.10). It comes from an address
rather than from `srcdoc`, since that would inherit the policy of the page, which forbids the styles mails are made of.
"""

import re
import secrets

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

_KEPT_S = 900
_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"
_ROOT = "<style>:root {{ color-scheme: {} !important; }}</style>"


def framed(request: HttpRequest, html: str, *, dark: bool = False, images: bool = True) -> HttpResponse:
    """The answer that a frame shows.

    Dark is what a mail program with `prefers-color-scheme: dark` makes of it. The condition is rewritten to hold, or
    not to, since no page can set it for a frame in every browser and the reader's own system must not decide it.
    Programs that invert colours by themselves are not shown.
    """
    response = HttpResponse(in_light(html, dark=dark))
    pictures = f"https: data: {settings.BASE_URL} {request.build_absolute_uri('/')}" if images else "'none'"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; frame-ancestors 'self'; sandbox"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    return response


def in_light(html: str, *, dark: bool) -> str:
    """The mail as if the reader's system were dark, or light."""
    html = _LIGHT.sub(_NEVER if dark else _ALWAYS, _DARK.sub(_ALWAYS if dark else _NEVER, html))
    root, end = _ROOT.format("dark" if dark else "light"), html.lower().find("</head>")
    return html[:end] + root + html[end:] if end >= 0 else root + html


def lend(owner_id: int, html: str) -> str:
    """Keep a mail for a quarter of an hour, for this person alone, and give the token that names it."""
    token = secrets.token_urlsafe(18)
    cache.set(_key(owner_id, token), html, _KEPT_S)
    return token


def lent(owner_id: int, token: str) -> str | None:
    """The mail under this token, while it is kept."""
    kept: str | None = cache.get(_key(owner_id, token))
    return kept


def _key(owner_id: int, token: str) -> str:
    return f"mail-frame:{owner_id}:{token}"
