"""What the shell of every page needs, worked out only when a page is drawn with it."""

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config.pages.rail import rail_for

_ZONES = frozenset(available_timezones())


def shell(request: HttpRequest) -> dict[str, Any]:
    """`rail`: its entries. `reader_zone`: the reader's time zone by name. `form_bytes`: what a form may hold."""
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    rail: Any = SimpleLazyObject(lambda: rail_for(user, request.path)) if known else []
    return {"rail": rail, "reader_zone": zone_of(request).key, "form_bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The time zone the reader's browser is in (it says so in a cookie), else UTC."""
    name = request.COOKIES.get("zone", "").replace("%2F", "/")
    return ZoneInfo(name if name in _ZONES else "UTC")
