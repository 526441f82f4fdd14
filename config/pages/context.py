"""What the shell of every page needs, worked out only when a page is drawn with it."""

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config.pages.rail import rail_for

_ZONES = frozenset(available_timezones())


def shell(request: HttpRequest) -> dict[str, Any]:
    """`rail`: the entries of the rail. `reader_zone`: the reader's time zone by name."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"rail": [], "reader_zone": zone_of(request).key}
    return {"rail": SimpleLazyObject(lambda: rail_for(user, request.path)), "reader_zone": zone_of(request).key}


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The time zone the reader's browser is in (it says so in a cookie), else UTC."""
    name = request.COOKIES.get("zone", "").replace("%2F", "/")
    return ZoneInfo(name if name in _ZONES else "UTC")
