"""What all workers did, for Prometheus: counters in one hash of Redis, a round trip a group of messages.

Lost with Redis they begin anew, which is what a counter may do; nothing else reads them.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from delivery.providers.base import Outcome, Receipt

BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
GATED = "gated"  # the verdict of the gate: skipped, held or cancelled
_KEY = "postrider:meters"
_TIMEOUT_S = 0.5


@dataclass
class Histogram:
    """Messages by the upper bound of their bucket (not cumulative; inf for the rest), and the sum of their seconds."""

    buckets: Counter[float] = field(default_factory=Counter)
    seconds: float = 0.0


@dataclass
class Meters:
    """Verdicts by lane, handover times by lane, what went wrong by account and category."""

    verdicts: dict[tuple[str, str], int] = field(default_factory=dict)
    handover: dict[str, Histogram] = field(default_factory=dict)
    errors: dict[tuple[int, str], int] = field(default_factory=dict)


def handed_over(lane: str, account_id: int, receipts: Sequence[Receipt], *, gated: int, seconds: float) -> None:
    """Count what became of a group, `seconds` after its claim. A Redis that is away counts nothing and raises nothing.

    `gated`: those of the group that the gate held back.
    """
    verdicts = Counter({GATED: gated}) + Counter(str(receipt.outcome) for receipt in receipts)
    wrong = Counter(r.category or str(r.outcome) for r in receipts if r.outcome is not Outcome.SENT)
    with suppress(RedisError):
        pipe = _redis(settings.REDIS_URL).pipeline(transaction=False)
        for verdict, count in verdicts.items():
            pipe.hincrby(_KEY, f"verdict|{lane}|{verdict}", count)
        for category, count in wrong.items():
            pipe.hincrby(_KEY, f"error|{account_id}|{category}", count)
        pipe.hincrby(_KEY, f"bucket|{lane}|{_bucket(seconds)}", len(receipts))
        pipe.hincrbyfloat(_KEY, f"seconds|{lane}", seconds * len(receipts))
        pipe.execute()


def read() -> Meters:
    """All of it since Redis was last empty. Raises RedisError."""
    found = Meters()
    for name, value in _redis(settings.REDIS_URL).hgetall(_KEY).items():
        what, *labels = str(name).split("|")
        if what == "verdict":
            found.verdicts[labels[0], labels[1]] = int(value)
        elif what == "error":
            found.errors[int(labels[0]), labels[1]] = int(value)
        elif what == "bucket":
            found.handover.setdefault(labels[0], Histogram()).buckets[float(labels[1])] = int(value)
        else:
            found.handover.setdefault(labels[0], Histogram()).seconds = float(value)
    return found


def _bucket(seconds: float) -> float:
    return next((bound for bound in BUCKETS_S if seconds <= bound), float("inf"))


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(url, decode_responses=True, socket_timeout=_TIMEOUT_S, retry=Retry(NoBackoff(), 1))
