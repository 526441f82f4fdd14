"""Numbers that may be a little old, kept in Redis. Without Redis they are simply worked out each time."""

from django.core.cache import cache
from redis.exceptions import RedisError


def recalled(name: str) -> int | None:
    """The number kept under this name, or None."""
    try:
        found = cache.get(name)
    except RedisError:
        return None
    return found if isinstance(found, int) else None


def remember(name: str, number: int, seconds: float) -> None:
    """Keep a number for so long."""
    try:
        cache.set(name, number, timeout=seconds)
    except RedisError:
        return
