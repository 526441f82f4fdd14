"""What events mean, in plain Python: whose each is, and what the rollup must say. The product's SQL is held to it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class Told:
    """An event as somebody told it."""

    event_id: UUID
    occurred_at: datetime
    user_id: str | None
    anonymous_id: str | None
    value: Decimal | None = None

    @property
    def position(self) -> tuple[datetime, str]:
        return self.occurred_at, str(self.event_id)


Rollup = dict[tuple[str, datetime], tuple[int, Decimal, datetime, datetime]]


def owner(event: Told, events: Iterable[Told]) -> str | None:
    """Whom it names; else whom its visitor was last with at that moment, else whom it was first with."""
    if event.user_id:
        return event.user_id
    meetings = sorted(
        (one for one in events if one.user_id and one.anonymous_id == event.anonymous_id), key=lambda one: one.position
    )
    before = [one for one in meetings if one.position <= event.position]
    chosen = before[-1:] or meetings[:1]
    return chosen[0].user_id if chosen else None


def rollup(events: Iterable[Told], only: Callable[[Told], bool] = lambda told: True) -> Rollup:
    """By (user_id, UTC hour): count, sum, first and last of those that count."""
    events = list({event.event_id: event for event in events}.values())
    groups = defaultdict(list)
    for event in events:
        if (whose := owner(event, events)) and only(event):
            groups[whose, event.occurred_at.replace(minute=0, second=0, microsecond=0)].append(event)
    return {
        place: (
            len(group),
            sum((one.value or Decimal(0) for one in group), Decimal(0)),
            min(one.occurred_at for one in group),
            max(one.occurred_at for one in group),
        )
        for place, group in groups.items()
    }


def totals(hours: Rollup) -> dict[str, tuple[int, Decimal, datetime, datetime]]:
    """By user_id: count, sum, first and last over all hours."""
    groups = defaultdict(list)
    for (whose, _hour), row in hours.items():
        groups[whose].append(row)
    return {
        whose: (
            sum(row[0] for row in rows),
            sum((row[1] for row in rows), Decimal(0)),
            min(row[2] for row in rows),
            max(row[3] for row in rows),
        )
        for whose, rows in groups.items()
    }
