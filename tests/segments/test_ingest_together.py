"""Eight senders at once, on connections of their own: each event once, nobody waits in a circle, the sums right."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, connections
from django.utils import timezone

from segments.models import Activity, Contact, EventKey, Metric, RawEvent
from segments.services.event_types import register_metric
from segments.services.rollups import catch_up
from tests.conftest import CommittedDb
from tests.factories.events import AT, event, take
from tests.segments.event_worlds import Told, rollup

THREADS = 8
MINUTE = timedelta(minutes=1)


def _at_once(work: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all in threads that begin together; what each gave. A failure in one is a failure here."""
    results: list[Any] = [None] * len(work)
    gate = threading.Barrier(len(work))

    def run(number: int) -> None:
        gate.wait()
        try:
            results[number] = work[number]()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [one for one in results if isinstance(one, Exception)]
    assert not failed, failed
    return results


def _deadlocks() -> int:
    """Of this database since it was made; each would have been hidden by a retry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_the_same_batch_from_eight_senders_is_taken_once(committed_db: CommittedDb) -> None:
    items = [
        event("order_completed", user_id=f"u{n}", anonymous_id=f"a{n % 3}", properties={"total": n}) for n in range(20)
    ]
    shuffled = [random.Random(n).sample(items, len(items)) for n in range(THREADS)]
    outcomes = _at_once([partial(take, *items) for items in shuffled])
    statuses = Counter(one.status for each in outcomes for one in each)
    assert statuses == {"accepted": 20, "duplicate": 20 * (THREADS - 1)}
    assert EventKey.objects.count() == RawEvent.objects.count() == Contact.objects.count() == 20
    assert sum(row.total for row in Activity.objects.all()) == Decimal(sum(range(20)))
    assert _deadlocks() == 0


def _item(told: Told) -> dict[str, Any]:
    return event(
        "order_completed", event_id=str(told.event_id), at=told.occurred_at, user_id=told.user_id,
        anonymous_id=told.anonymous_id, properties={"total": float(told.value or 0)},
    )  # fmt: skip


def test_people_and_devices_shared_by_all_senders_end_as_plain_python_says(committed_db: CommittedDb) -> None:
    """Links, late links, duplicates and a metric that begins in the midst of it, all at once."""
    chance = random.Random(7)
    story = [
        Told(
            event_id=UUID(int=chance.getrandbits(128), version=4),
            occurred_at=AT + chance.randrange(240) * MINUTE,
            user_id=chance.choice(["ana", "ben", None]),
            anonymous_id=chance.choice(["tv", "phone", "laptop"]),
            value=Decimal(chance.randrange(100)),
        )
        for _ in range(240)
    ]
    shares = [chance.sample(story, 60) + story[n::THREADS] for n in range(THREADS)]
    late = AT + 300 * MINUTE

    def send(share: list[Told]) -> None:
        for start in range(0, len(share), 15):
            take(*map(_item, share[start : start + 15]), at=late)

    def count_too() -> None:
        kind = Metric.objects.get(name="order_completed").event_type
        metric = register_metric(name="dear_orders", event_type=kind, value_property="total",
                                 filters=[{"property": "total", "operator": "greater_than", "value": 50}])  # fmt: skip
        while catch_up(metric, rows=20):
            pass

    _at_once([*(partial(send, share) for share in shares), count_too])
    people = dict(Contact.objects.values_list("pk", "external_id"))

    def found(name: str) -> dict[Any, Any]:
        rows = Activity.objects.filter(metric_id=Metric.objects.get(name=name).pk)
        return {(people[r.contact_id], r.hour): (r.count, r.total, r.first_at, r.last_at) for r in rows}

    assert found("order_completed") == rollup(story)
    assert _deadlocks() == 0
    assert found("dear_orders") == rollup(story, only=lambda told: (told.value or 0) > 50)


def test_an_import_of_the_same_people_meanwhile_harms_nobody(committed_db: CommittedDb) -> None:
    """Somebody who locks contacts in another order: one of the two starts over."""

    def edit() -> None:
        for _ in range(10):
            with suppress(OperationalError), connection.cursor() as cursor:  # the one that Postgres chose
                cursor.execute(
                    "UPDATE segments_contact SET updated_at = now() WHERE id IN"
                    " (SELECT id FROM segments_contact ORDER BY external_id DESC FOR UPDATE)"
                )

    def send() -> None:
        for turn in range(10):
            traits = {"first_name": f"Name {turn}"}
            take(*(event("contact_identified", user_id=f"u{n}", traits=traits) for n in range(20)), at=timezone.now())

    _at_once([edit, edit, send, send])
    assert Contact.objects.count() == 20
    assert RawEvent.objects.count() == 400
