"""Limits change: what waits on them is given new turns."""

from collections.abc import Sequence

from django.db import connection

from config.lib.sql import queries
from delivery.throttle import Because

CHUNK = 5000
WITHIN_S = 3600.0  # what waits looks for a place within an hour anyway
_PER_TOKEN = 4  # as the line beyond what is near (buckets.lua)
_AT_ONCE = 1e9


def wake(reasons: Sequence[Because], *, rate_per_second: float | None, order_id: int | None = None) -> int:
    """Bring forward what waits for these reasons, as densely as a new rate can use; None: there is no limit any more.

    In chunks, each its own transaction, so not to be called within one. Returns how many were moved.
    """
    per_second = rate_per_second * _PER_TOKEN if rate_per_second else _AT_ONCE
    moved, after_s, found = 0, 0.0, CHUNK
    while found == CHUNK and after_s < WITHIN_S:
        with connection.cursor() as cursor:
            cursor.execute(
                queries("delivery", "throttle")["wake"],
                {"reasons": list(reasons), "order": order_id, "per_second": per_second, "after_s": after_s,
                 "limit": CHUNK},
            )  # fmt: skip
            found, changed = cursor.fetchone()
        moved += changed
        after_s += CHUNK / per_second
    return moved
