"""Taking events in: a batch is judged item by item, and what passes is written in one transaction of sets.

A key that is known already is success and changes nothing. What does not pass goes to quarantine in the same
transaction. The log, the links between visitors and people, and the rollup never disagree with each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import OperationalError, connection, transaction

from segments.doorbells import DOORBELLS, Arrival, EventDoorbell
from segments.errors import RefusedEvent
from segments.events.judging import Event, judge, type_name
from segments.events.spelling import read_uuid
from segments.selectors.event_types import known_types
from segments.services.batches import Batch
from segments.services.quarantine import Sender, keep

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: accepted, duplicate or quarantined, the last with what is wrong."""

    event_id: UUID | None
    status: str
    refusal: RefusedEvent | None = None


def ingest(items: Sequence[Any], sender: Sender, *, at: datetime) -> list[Outcome]:
    """Take in a delivery that was received at `at`; what became of each item, in order. One transaction."""
    types = known_types(type_name(item) for item in items)
    judged = [_judged(item, types, at) for item in items]
    outcomes, arrival = _retried(judged, items, sender, at)
    if arrival:
        for bell in DOORBELLS:
            _ring_after_commit(bell(), arrival)
    return outcomes


def _ring_after_commit(bell: EventDoorbell, arrival: Arrival) -> None:
    def ring() -> None:  # not a partial: Django logs a failure by its __qualname__
        bell.ring(arrival)

    transaction.on_commit(ring, robust=True)


def _judged(item: Any, types: Mapping[str, Any], at: datetime) -> Event | RefusedEvent:
    try:
        return judge(item, types, at=at)
    except RefusedEvent as refusal:
        return refusal


def _retried(
    judged: Sequence[Event | RefusedEvent], items: Sequence[Any], sender: Sender, at: datetime
) -> tuple[list[Outcome], Arrival | None]:
    """Batches take their locks in one order, but imports and editors of contacts take theirs as they like."""
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                batch = Batch(sender, at)
                written = batch.write([one for one in judged if isinstance(one, Event)])
                outcomes = [_outcome(one, item, written) for one, item in zip(judged, items, strict=True)]
                keep(
                    [(one.refusal, item) for one, item in zip(outcomes, items, strict=True) if one.refusal], sender, at
                )
                return _duplicates_told(outcomes), batch.arrival
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected) or connection.in_atomic_block:
                raise
    raise OperationalError("a batch met the writers of its people five times over")


def _outcome(judged: Event | RefusedEvent, item: Any, written: Mapping[UUID, RefusedEvent | bool]) -> Outcome:
    if isinstance(judged, RefusedEvent):
        event_id = read_uuid(item.get("event_id")) if isinstance(item, Mapping) else None
        return Outcome(event_id, "quarantined", judged)
    done = written[judged.event_id]
    if isinstance(done, RefusedEvent):
        return Outcome(judged.event_id, "quarantined", done)
    return Outcome(judged.event_id, "accepted" if done else "duplicate")


def _duplicates_told(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Of the same event twice in a delivery, the second is the duplicate."""
    told: set[UUID | None] = set()
    result = []
    for one in outcomes:
        again = one.status == "accepted" and one.event_id in told
        result.append(replace(one, status="duplicate") if again else one)
        told.add(one.event_id)
    return result
