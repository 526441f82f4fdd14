"""Lanes: what somebody waits for is looked for between the bells; campaigns advance side by side."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import worker_process_init
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from redis import Redis

from config.lib.sql import queries
from delivery import ledger, pipeline, tasks
from delivery.models import Lane, Message, SendOrder
from tests.factories.delivery import make_order, make_people, plan

S = Message.State
_CLAIM: dict[str, str | int] = {"lane": Lane.BULK, "channel": "email", "limit": 300, "lease_s": 60}


def _sent_of(order: SendOrder) -> int:
    return Message.objects.filter(order=order, state=S.CLAIMED).count()


@pytest.mark.django_db
def test_ten_campaigns_at_once_each_advance() -> None:
    orders = [make_order() for _ in range(10)]
    for number, order in enumerate(orders):
        plan(order, make_people(5 if number else 60))
    ledger.claim(Lane.BULK, "email", limit=20)
    assert [_sent_of(order) for order in orders] == [2] * 10


@pytest.mark.django_db
def test_with_more_campaigns_than_a_batch_has_places_all_get_their_turn() -> None:
    orders = [make_order() for _ in range(12)]
    for order in orders:
        plan(order, make_people(30))
    for _ in range(60):
        ledger.claim(Lane.BULK, "email", limit=4)
    assert all(_sent_of(order) for order in orders)


@pytest.mark.usefixtures("committed_db")
def test_a_claim_walks_what_is_due_in_order_though_statistics_know_of_nothing_that_waits() -> None:
    """Else it reads and sorts all that waits, for each batch: the index of addresses looked cheaper then."""
    finished, order = make_order(), make_order()
    _insert(finished, S.SENT, 1000)
    with connections["owner"].cursor() as owner:
        owner.execute("ANALYZE delivery_message")
    _insert(order, S.READY, 5000)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries("delivery", "ledger")["claim"], _CLAIM)
        steps = [line for (line,) in cursor.fetchall() if "using message_" in line]
    assert len(steps) == 2  # which orders have something due, and what
    assert all("using message_ready " in step for step in steps)


@pytest.mark.usefixtures("committed_db")
def test_what_waits_under_a_held_order_is_not_read_by_the_claims_of_others() -> None:
    """Millions of them would be, for each batch, where statistics know of that order alone and a merge looks cheap."""
    held, order = make_order(), make_order()
    _insert(held, S.READY, 5000)
    SendOrder.objects.filter(pk=held.pk).update(state=SendOrder.State.HELD)
    with connections["owner"].cursor() as owner:
        owner.execute("VACUUM ANALYZE delivery_message")
    _insert(order, S.READY, 10)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + queries("delivery", "ledger")["claim"], _CLAIM)
        (((plan_of_claim,),),) = cursor.fetchall()
    rows = [step["Actual Rows"] for step in _steps(plan_of_claim["Plan"]) if step.get("Index Name") == "message_ready"]
    assert rows == [1, 10]


def _steps(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for below in step.get("Plans", ()):
        yield from _steps(below)


def _insert(order: SendOrder, state: str, count: int) -> None:
    numbers = range(1, count + 1)
    Message.objects.bulk_create([Message(order=order, contact_id=n, address_key=n, state=state) for n in numbers])


@pytest.mark.django_db
def test_what_waits_for_later_is_passed_over_at_no_cost_to_others() -> None:
    stuck, other = make_order(), make_order()
    plan(stuck, make_people(50))
    later = timezone.now() + timedelta(minutes=5)
    Message.objects.filter(order=stuck).update(due_at=later, reason="throttled")
    plan(other, make_people(10))
    assert {one.order_id for one in ledger.claim(Lane.BULK, "email", limit=100)} == {other.pk}


@pytest.mark.django_db
def test_an_idle_lane_ends_unless_it_is_to_look_again() -> None:
    begun = time.monotonic()
    assert not pipeline.work_lane(Lane.TRIGGERED, seconds=30)
    assert time.monotonic() - begun < 30
    assert not pipeline.work_lane(Lane.TRIGGERED, seconds=0.02, look_again_s=0.005)


@pytest.mark.usefixtures("committed_db")
def test_who_looks_again_finds_what_was_planned_meanwhile() -> None:
    order = make_order(lane=Lane.TRIGGERED)
    people = make_people(1)

    def plan_later() -> None:
        time.sleep(0.2)
        plan(order, people)
        connection.close()

    planner = threading.Thread(target=plan_later)
    planner.start()
    pipeline.work_lane(Lane.TRIGGERED, seconds=5, look_again_s=0.02)
    planner.join()
    assert not Message.objects.filter(order=order, state=S.READY, reason="").exists()


def test_a_process_that_stands_in_for_a_dead_one_rings_for_the_lanes_of_its_worker() -> None:
    """The bell that the dead one was carrying out is gone with it."""
    assert tasks.ring_at_once in [receiver() for _, receiver in worker_process_init.receivers]
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.delete(*Lane.values)
        tasks.ring_at_once()
        deadline = time.monotonic() + 5
        while (bells := {lane: redis.llen(lane) for lane in Lane.values}) != dict.fromkeys(Lane.values, 1):
            assert time.monotonic() < deadline, bells
            time.sleep(0.01)
        redis.delete(*Lane.values)
