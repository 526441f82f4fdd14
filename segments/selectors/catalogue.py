"""Reads of the catalogue: who writes event types and attributes, when they were last seen, who uses them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import SystemRandom
from typing import Any

from django.db.models import Exists, Max, Min, OuterRef

from config.lib.sql import Statements
from segments.models import Activity, Contact, Metric, Segment, WriteKey

_SQL = Statements("segments", "catalogue")
LATELY = 50_000  # events of the log that are looked at, the newest
_DRAWN = 10_000  # contacts that are looked at, by chance


@dataclass(frozen=True, slots=True)
class Writing:
    """Who tells an event type: a write key by name, or what else there is; from where, and how many of the LATELY."""

    name: str
    source: str
    events: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An event type among the newest events: how many, their mean size, when last, and by whom, the busiest first."""

    events: int
    bytes: int
    last_at: datetime
    writers: Sequence[Writing]


def lately() -> dict[int, Seen]:
    """By event type id, of the newest LATELY events in the log: one scan from its end, however long it is."""
    rows = _SQL.rows("lately", most=LATELY)
    names = dict(WriteKey.objects.filter(pk__in={row[2] for row in rows if row[2]}).values_list("pk", "name"))
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return {type_id: _seen(some, names) for type_id, some in found.items()}


def _seen(rows: Sequence[tuple[Any, ...]], names: Mapping[int, str]) -> Seen:
    events = sum(row[3] for row in rows)
    writers = [Writing(names.get(key, "") if key else "", source, number) for _type, source, key, number, *_ in rows]
    size = sum(row[4] for row in rows) // events
    return Seen(events, size, max(row[5] for row in rows), sorted(writers, key=lambda one: -one.events))


def ever(type_ids: Collection[int]) -> set[int]:
    """Those of the event types of which anything was ever counted."""
    counted = Exists(Activity.objects.filter(metric_id=OuterRef("pk")))  # one probe of its key for each metric
    return set(Metric.objects.filter(counted, event_type__in=type_ids).values_list("event_type_id", flat=True))


@dataclass(frozen=True, slots=True)
class Known:
    """An attribute among contacts drawn by chance: the share that has it, and when one of those was last changed."""

    share: float
    last_at: datetime


def shares() -> dict[str, Known]:
    """By attribute name. An estimate: of each, plus or minus one in a hundred of all contacts."""
    ends = Contact.objects.aggregate(low=Min("pk"), high=Max("pk"))
    first, last = ends["low"], ends["high"]
    if first is None:
        return {}
    drawn = SystemRandom().sample(range(first, last + 1), min(_DRAWN, last - first + 1))
    found = _SQL.rows("shares", ids=drawn)
    return {name: Known(number / total, last_at) for name, number, last_at, total in found}


def segments_by_word() -> dict[str, list[tuple[int, str]]]:
    """(id, name) of the segments in use by each text that stands in their rules: names of events, metrics, fields."""
    rows = Segment.objects.filter(archived_at=None, current__isnull=False).order_by("name")
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for pk, name, criteria in rows.values_list("pk", "name", "current__criteria"):
        for word in {word for text in _texts(criteria) for word in (text, text.removeprefix("attributes."))}:
            found[word].append((pk, name))
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
