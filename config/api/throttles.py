"""Limits per key, and per address for callers without one, told in RateLimit headers (draft-ietf-httpapi-ratelimit)."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

WINDOW_S = 60


class KeyRate(BaseThrottle):
    """So many requests a minute. Without Redis nobody is limited: the limit protects, it promises nothing."""

    def allow_request(self, request: Any, view: Any) -> bool:
        limit = settings.API_RATE_PER_MINUTE
        now = time.time()
        self.reset = int(WINDOW_S - now % WINDOW_S) + 1
        used = _count(f"api-rate:{_caller(request)}:{int(now // WINDOW_S)}")
        request.rate_limit = (limit, max(limit - used, 0), self.reset)
        return bool(used <= limit)

    def wait(self) -> float:
        return float(self.reset)


def address_of(request: Any) -> str | None:
    """The caller's network address, as the outermost of NUM_PROXIES trusted proxies saw it."""
    address: str | None = BaseThrottle().get_ident(request)
    return address


def _caller(request: Any) -> str:
    return f"key-{request.auth.pk}" if request.auth else f"ip-{address_of(request)}"


def _count(name: str) -> int:
    try:
        cache.add(name, 0, timeout=2 * WINDOW_S)
        return int(cache.incr(name))
    except (RedisError, ValueError):  # ValueError: it ran out in between
        return 0


def tell(request: Any, response: Any) -> None:
    """RateLimit headers on every answer that was counted."""
    if told := getattr(request, "rate_limit", None):
        names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
        for name, value in zip(names, told, strict=True):
            response[name] = str(value)
