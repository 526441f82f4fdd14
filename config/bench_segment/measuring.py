"""How long a rule takes: to count, to launch to, and to tell for 500 people whether they are in."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import psutil
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from segments.compiler import contacts_matching
from segments.models import Contact

BATCH = 500
_BATCHES = 9
_RUNS = 2  # the better one counts, for the floor and the cases alike: the first may have to read from disk


@dataclass(frozen=True)
class Floor:
    """A sequential scan of the contact table by a column without an index, counted and launched to."""

    count_s: float
    launch_s: float


@dataclass(frozen=True)
class Timing:
    """One case. `cpu_s`: what all processes of Postgres spent on a count. `ratio`: to the floor, of the worse form."""

    name: str
    kind: str
    people: int
    count_s: float
    cpu_s: float
    launch_s: float
    batch_ms: float
    ratio: float

    @property
    def slower_s(self) -> float:
        return max(self.count_s, self.launch_s)

    def __str__(self) -> str:
        return (
            f"count {self.count_s:7.3f} s (cpu {self.cpu_s:6.2f})  launch {self.launch_s:7.3f} s"
            f"  batch {self.batch_ms:6.1f} ms  x{self.ratio:<6.2f}{self.people:>11,}  {self.name}"
        )

    def figures(self) -> dict[str, Any]:
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}


def measure_floor() -> Floor:
    """By the cheapest condition that there is, in the settings of the cases."""
    people = Contact.objects.filter(language="de")
    return Floor(_best(people.count), _best(lambda: _launch(people)))


def measure(name: str, kind: str, rule: Any, floor: Floor) -> Timing:
    """Counted, launched and asked for batches (a median); of each the better of two runs."""
    people, found = contacts_matching(rule, at=timezone.now()), 0

    def counted() -> None:
        nonlocal found
        found = people.count()

    with _cpu() as spent:
        count_s = _best(counted)
    launch_s = _best(lambda: _launch(people))
    ratio = max(count_s / floor.count_s, launch_s / floor.launch_s)
    return Timing(name, kind, found, count_s, spent[0] / _RUNS, launch_s, _batch_ms(rule), ratio)


def _best(act: Callable[[], object]) -> float:
    return min(_seconds(act) for _ in range(_RUNS))


def _seconds(act: Callable[[], object]) -> float:
    begun = perf_counter()
    act()
    return perf_counter() - begun


def _launch(people: QuerySet[Contact]) -> None:
    """INSERT … SELECT of the ids, packed by the workers as when an audience is frozen (config.lib.snapshots)."""
    statement, values = people.values("pk").query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        packed = f"SELECT unnest(array_agg(id)) FROM ({statement}) AS keys (id)"  # noqa: S608 - of the compiler
        cursor.execute(f"CREATE TEMPORARY TABLE bench_audience AS {packed}", values)
        cursor.execute("DROP TABLE bench_audience")


def _batch_ms(rule: Any) -> float:
    chance = random.Random(1)  # noqa: S311 - the same people each time
    last = Contact.objects.order_by("-pk").values_list("pk", flat=True)[0]
    batches = [[chance.randint(1, last) for _ in range(BATCH)] for _ in range(_BATCHES)]
    # twice: who is asked about has just been written to, so what is known of them need not come from the disk
    return 1000 * min(median(_seconds(partial(_ask, rule, ids)) for ids in batches) for _ in range(_RUNS))


def _ask(rule: Any, ids: list[int]) -> None:
    """From the rule to the answer, as a branch of a journey asks."""
    list(contacts_matching(rule, at=timezone.now(), among=ids).values_list("pk"))


@contextmanager
def _cpu() -> Iterator[list[float]]:
    """Seconds of processor time of this session's process and of its workers, whom the server reaps."""
    spent = [0.0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = psutil.Process(cursor.fetchone()[0])
    before = _used(session)
    try:
        yield spent
    finally:
        spent[0] = _used(session) - before


def _used(session: psutil.Process) -> float:
    own = session.cpu_times()
    server = session.parent()
    reaped = server.cpu_times() if server else own
    return float(own.user + own.system + reaped.children_user + reaped.children_system)
