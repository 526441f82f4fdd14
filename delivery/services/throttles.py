"""Limits change or end: what waits on them is given new turns."""

from collections.abc import Sequence

import structlog
from django.db import connection

from config.lib.sql import queries
from delivery.throttle import Because
from delivery.throttle.levels import Level, forget_level, levels, take_raised
from delivery.throttle.rates import rate_now

log = structlog.get_logger(__name__)
CHUNK = 5000
MOST = 20 * CHUNK  # a tick's; the others look for a place within the hour anyway
_WATCHED = 1000
_PER_TOKEN = 4  # as the line beyond what is near (buckets.lua)
_PACE = 250.0  # messages a second, where no limit is left to go by
_REASONS = {
    "account": Because.ACCOUNT,
    "campaign": Because.CAMPAIGN,
    "provider": Because.PROVIDER,
    "slowed": Because.SLOWED,
}


def wake_raised() -> int:
    """Bring forward what waits for limits that were raised or have ended, by whomever and however.

    Such a limit is known by its bucket: it has the rate it was last used at, or was marked when that rose. Returns how
    many were moved. Raises RedisError.
    """
    moved, raised = 0, take_raised()
    for level in levels(most=_WATCHED):
        rate = rate_now(level.bucket)
        if rate is None or rate > level.rate_per_second * 1.001 or level.bucket in raised:
            forget_level(level.bucket)
            moved += _wake_for(level, rate)
    return moved


def _wake_for(level: Level, rate: float | None) -> int:
    kind, _, name = level.bucket.partition(":")
    order_id = int(name) if kind == "campaign" else None
    moved = wake([_REASONS[kind]], rate_per_second=rate or _PACE, order_id=order_id)
    log.info("throttle_raised", bucket=level.bucket, before=level.rate_per_second, now=rate, woken=moved)
    return moved


def wake(reasons: Sequence[Because], *, rate_per_second: float, order_id: int | None = None) -> int:
    """Bring forward what waits for these reasons, as densely as a new rate can use.

    In chunks, each its own transaction, so not to be called within one. Returns how many were moved.
    """
    per_second = rate_per_second * _PER_TOKEN
    moved, seen, found = 0, 0, CHUNK
    while found == CHUNK and seen < MOST:
        with connection.cursor() as cursor:
            cursor.execute(
                queries("delivery", "throttle")["wake"],
                {"reasons": list(reasons), "order": order_id, "per_second": per_second,
                 "after_s": seen / per_second, "limit": CHUNK},
            )  # fmt: skip
            found, changed = cursor.fetchone()
        moved, seen = moved + changed, seen + found
    return moved
