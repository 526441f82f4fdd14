"""The consumer of the delivery log: each event is counted exactly once, whatever crashes, however many consume.

A chunk of events, its counters and the mark behind it are one transaction under the lock of the mark. An event is read
only when every transaction up to its own is over, so a late commit is never passed by (DESIGN 3, Counting).
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from analytics.models import StreamMark
from config.lib.sql import queries

CHUNK = 20_000  # well under 2 s: a longer write would hold back the horizon for everybody


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which Postgres cluster we are on; only within one do transaction ids have an order."""

    system_identifier: int
    timeline: int


def cluster() -> Cluster:
    return Cluster(*_row("cluster"))


def add_mark(state: StreamMark.State) -> None:
    """A new generation that counts from the beginning of the log. No-op when there is one in this state."""
    here, (base_xid, base_id) = cluster(), _row("base")
    restored = {"base_xid": base_xid, "base_id": base_id, "native": False} if base_id else {}
    mark = StreamMark(state=state, system_identifier=here.system_identifier, timeline=here.timeline, **restored)
    StreamMark.objects.bulk_create([mark], ignore_conflicts=True)


def count_chunk(mark_id: int, *, limit: int = CHUNK) -> int | None:
    """Count the next events for one mark. Returns how many; None when another consumer is at it or the mark is gone."""
    with transaction.atomic():
        mark = (
            StreamMark.objects.select_for_update(skip_locked=True)
            .exclude(state=StreamMark.State.RETIRED)
            .filter(pk=mark_id)
            .first()
        )
        return None if mark is None else _advance(mark, limit)


def differences(*, limit: int = 100) -> list[tuple[Any, ...]]:
    """Rows of (side, *key, *counts) where the live counters and their log differ; none when they are equal.

    It reads the whole log, for as long as that takes, and holds up nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute(queries("analytics", "stream")["differences"], {"limit": limit})
        return list(cursor.fetchall())


def _advance(mark: StreamMark, limit: int) -> int:
    _row("plan_by_index")
    row = _row("count", **_place(mark), mark=mark.pk, limit=limit)
    counted, mark.xid, mark.event_id = row or (0, mark.xid, mark.event_id)
    mark.events += counted
    if not mark.native and counted < limit:  # done with what was restored: on to our own from the beginning
        mark.native, mark.xid, mark.event_id = True, 0, 0
        counted = limit  # there may be more
    if mark.native:
        (mark.as_of,) = _row("as_of", **_place(mark))
    mark.save()
    return counted


def _place(mark: StreamMark) -> dict[str, Any]:
    return {name: getattr(mark, name) for name in ("xid", "event_id", "base_xid", "base_id", "native")}


def _row(name: str, **values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(queries("analytics", "stream")[name], values)
        return cursor.fetchone()
