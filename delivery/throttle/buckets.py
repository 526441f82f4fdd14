"""The buckets in Redis: one call for a group of messages, atomic, on the server's clock (buckets.lua)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery.throttle.connection import client
from delivery.throttle.demands import Limit

NEAR_S = 300.0  # so far ahead each message has a place of its own in line
FAR_S = 3600.0  # and so long at most until a message looks for one again
EPOCH, WAITS, BUSY, RAISED = "throttle:epoch", "throttle:waits", "throttle:busy", "throttle:raised"
_SCRIPT = Path(__file__).with_name("buckets.lua").read_text()


@dataclass(frozen=True, slots=True)
class Class:
    """Messages under the same limits."""

    limits: tuple[Limit, ...]
    count: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """The first `granted` of a class may go; `waits` are the seconds until the turn of each other, for `limit`."""

    granted: int
    limit: Limit
    waits: Sequence[float]


def take(classes: Sequence[Class], *, now: float | None = None) -> list[Turn]:
    """Take a token of every bucket for each message that may go. Raises RedisError; then perhaps some were taken.

    `now`: seconds, for a clock of one's own in tests; else the clock of the Redis server.
    """
    limits = list({limit.bucket: limit for one in classes for limit in one.limits}.values())
    index = {limit.bucket: number for number, limit in enumerate(limits, 1)}
    ask = {
        "near": NEAR_S,
        "far": FAR_S,
        "buckets": [{"rate": limit.rate, "reason": limit.reason} for limit in limits],
        "classes": [
            {"buckets": [index[limit.bucket] for limit in one.limits], "count": one.count, "urgent": one.urgent}
            for one in classes
        ],
    } | ({} if now is None else {"now": now})
    keys = [EPOCH, WAITS, BUSY, RAISED, *index]
    answers = json.loads(client().register_script(_SCRIPT)(keys, [json.dumps(ask)]))
    return [Turn(granted, limits[slowest - 1], list(waits)) for granted, slowest, waits in answers]
