"""The people of `bench segment` and what they did: written by the server itself, kept between runs."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from config.lib.bench import Say, Stopwatch
from config.lib.sql import queries
from segments.models import ContactList, EventType, Metric, Promotion
from segments.services import promotions, rfm
from segments.services.attributes import register_attribute
from segments.services.event_types import register_metric

ATTRIBUTES = {
    "plan": "string", "city": "string", "score": "number", "points": "number", "birthday": "date", "renews_on": "date",
    "newsletter": "boolean", "vip": "boolean", "interests": "list", "source": "string",
}  # fmt: skip
PROMOTED = ("plan", "city", "score", "renews_on", "vip", "interests")
LISTS = {"Everybody who signed up": 0.3, "Customers": 0.02, "Press": 0.0005}
DAYS = 365
LOGGED = 30  # days of them that the log still has
ACTIVITY = 5.2  # hours of somebody doing something, for each person; a few draws meet and make one row
_BULK = ("segments_contact", "segments_listmembership", "segments_activity", "segments_activitytotal")
_CHUNK = 250_000

Sql = Mapping[str, str]


def stands(mark: str) -> bool:
    """Whether this database was filled to the end under this mark."""
    return bool(_ask("marked") == mark)


def build(people: int, mark: str, say: Say) -> dict[str, float]:
    """Everything, then the mark; seconds by stage."""
    watch, now = Stopwatch(), timezone.now().replace(minute=0, second=0, microsecond=0)
    _names()
    with _without_bulwarks(_BULK, watch, say):
        with watch.stage("people"):
            _together("people", [{"people": people, "now": now, **chunk} for chunk in _chunks(people)])
            _ask("people_end", people=people)
        with watch.stage("lists"):
            for row in ContactList.objects.all():
                _ask("on_list", list=row.pk, people=people, size=round(people * LISTS[row.name]))
        say(f"{people:,} people and their lists are written")
        with watch.stage("activity"):
            _together("day", list(_days(people, now)))
        say("what they did is written")
        with watch.stage("totals"):
            _ask("analyze")
            _together("totals", [{"seed": 0, "metric": pk} for pk in Metric.objects.values_list("pk", flat=True)])
    with watch.stage("log"):
        _ask("month_before")
        _together("log", [{"seed": ago / DAYS, "now": now, "ago": ago} for ago in range(LOGGED, 0, -1)])
        _together("engagement", [{"people": people, "now": now, **chunk} for chunk in _chunks(people * 3 // 10)])
    with watch.stage("vacuum"), connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM (FREEZE, ANALYZE)")
    with watch.stage("promotion"):
        promotions.carry_on(at=timezone.now())
    with watch.stage("rfm"):
        rfm.take(at=timezone.now())
    lost = Promotion.objects.exclude(state=Promotion.State.READY)
    if lost:
        raise RuntimeError(f"not promoted: {[(str(one), one.error) for one in lost]}")
    with connections["owner"].cursor() as cursor:
        cursor.execute(_ask("mark", mark=mark))
    say(f"built in {sum(watch.seconds.values()):,.0f} s: {_told(watch.seconds)}")
    return watch.seconds


def counts() -> dict[str, int]:
    """Rows that there are."""
    with connection.cursor() as cursor:
        cursor.execute(_sql()["rows"])
        people, activity = cursor.fetchone()
    return {"contacts": people, "activity": activity}


def _names() -> None:
    for name, type_ in ATTRIBUTES.items():
        attribute = register_attribute(name=name, type=type_)
        if name in PROMOTED:
            promotions.promote(attribute)
    for name in LISTS:
        ContactList.objects.get_or_create(name=name)
    viewed = EventType.objects.get(name="page_viewed")
    register_metric(
        name="pricing_viewed", event_type=viewed,
        filters=[{"property": "path", "operator": "equals", "value": "/pricing"}],
    )  # fmt: skip


def _chunks(people: int) -> Iterator[dict[str, Any]]:
    for first in range(1, people + 1, _CHUNK):
        yield {"seed": first / (people + 1), "first": first, "last": min(first + _CHUNK - 1, people)}


def _days(people: int, now: datetime) -> Iterator[dict[str, Any]]:
    rows = round(people * ACTIVITY / (DAYS * 1.03))  # three in a hundred count in two metrics
    today = datetime.combine(now, datetime.min.time(), UTC)
    for ago in range(DAYS, 0, -1):
        yield {"seed": ago / DAYS, "day": today - timedelta(days=ago), "rows": rows, "people": people}


def _together(name: str, given: list[dict[str, Any]]) -> None:
    """One statement many times, on two connections."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda values: _seeded(name, values), given))
        for _ in range(2):
            pool.submit(connections.close_all)


def _seeded(name: str, values: dict[str, Any]) -> None:
    _ask("seed", seed=values["seed"])
    _ask(name, **values)


@contextmanager
def _without_bulwarks(tables: tuple[str, ...], watch: Stopwatch, say: Say) -> Iterator[None]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(_sql()["quick"])
        cursor.execute(_sql()["bulwarks"], {"tables": list(tables)})
        pairs = cursor.fetchall()
        for drop, _ in pairs:
            cursor.execute(drop)
        yield
        with watch.stage("indexes"):
            for _, make in reversed(pairs):
                cursor.execute(make)
    say(f"{len(pairs)} constraints and indexes stand")


def _ask(name: str, **values: Any) -> Any:
    """The first value of a statement's first row, as the owner."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(_sql()["quick"])
        cursor.execute(_sql()[name], values or None)
        found = cursor.fetchone() if cursor.description else None
    return found[0] if found else None


def _sql() -> Sql:
    return queries("segments", "bench_segment")


def _told(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:,.0f}" for name, value in seconds.items())
