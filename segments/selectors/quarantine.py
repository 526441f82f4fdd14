"""Reads of the quarantine: what waits, in groups of the same event type, reason and place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from segments.models import QuarantinedEvent

MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Group:
    """Events that wait for the same reason. `busy`: how many of them a worker is at."""

    event_type: str
    code: str
    pointer: str
    number: int
    busy: int
    first_at: datetime
    last_at: datetime


def waiting() -> QuerySet[QuarantinedEvent]:
    return QuarantinedEvent.objects.filter(state=QuarantinedEvent.State.WAITING)


def members(event_type: str, code: str, pointer: str) -> QuerySet[QuarantinedEvent]:
    """The events of a group."""
    return waiting().filter(event_type=event_type, code=code, pointer=pointer)


def groups(event_type: str | None = None) -> Sequence[Group]:
    """The largest first, at most MOST_GROUPS; of one event type, or of all."""
    rows = waiting() if event_type is None else waiting().filter(event_type=event_type)
    found = (
        rows.values_list("event_type", "code", "pointer")
        .annotate(
            number=Count("pk"), busy=Count("pk", filter=~Q(asked="")), first=Min("received_at"), last=Max("received_at")
        )
        .order_by("-number", "event_type", "code", "pointer")
    )
    return [Group(*row) for row in found[:MOST_GROUPS]]
