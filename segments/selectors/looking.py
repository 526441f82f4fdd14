"""A quick look at whom a rule matches while it is being written: counted when that is quick, else estimated."""

from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from secrets import SystemRandom
from typing import Any

from django.db.models import Max, Min
from django.utils import timezone

from segments.compiler import contacts_matching
from segments.models import Contact
from segments.selectors.limits import time_limit
from segments.selectors.segments import size_and_sample

QUICK = 1.0  # seconds
_DRAWN = 10_000  # ids
_SIGMAS = 2


@dataclass(frozen=True)
class Look:
    """How many people at `at`, and some of them. Estimated: `low` and `high` hold the true figure 19 times in 20."""

    size: int
    low: int
    high: int
    sample: list[Contact]
    at: datetime

    @property
    def estimated(self) -> bool:
        return self.low != self.high


def look(criteria: Any, *, sample: int = 10, seconds: float = QUICK) -> Look:
    """Count a rule within so many seconds. Raises InvalidCriteria and SegmentTooSlow."""
    at = timezone.now()
    found = size_and_sample(criteria, sample=sample, at=at, seconds=seconds)
    return Look(found.size, found.size, found.size, found.sample, at)


def estimate(criteria: Any, *, sample: int = 10, seconds: float = QUICK) -> Look:
    """Judge by rows drawn at random over the whole table. Raises InvalidCriteria, and SegmentTooSlow even then."""
    at = timezone.now()
    ends = Contact.objects.aggregate(low=Min("pk"), high=Max("pk"))
    first, last = ends["low"] or 0, ends["high"] or 0
    span = last - first + 1
    drawn = _draw(first, span)
    with time_limit(seconds):
        hits = list(contacts_matching(criteria, at=at, among=drawn).order_by("pk"))
    per_hit = span / len(drawn)
    spread = _SIGMAS * sqrt(max(len(hits), 1)) * per_hit  # a count's own (Poisson)
    size = round(len(hits) * per_hit)
    return Look(size, max(len(hits), round(size - spread)), round(size + spread), hits[:sample], at)


def _draw(first: int, span: int) -> list[int]:
    """Ids by chance, each once; all of them when they are few."""
    return [first + offset for offset in SystemRandom().sample(range(span), min(span, _DRAWN))]
