"""`bench trigger`: how soon a message that somebody waits for is handed over while a broadcast runs."""

import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from config import bench_mail, running
from config.lib.bench import Bench, Say
from config.lib.supervisor import Supervisor
from delivery.models import Lane, Message, SendOrder
from delivery.services.orders import plan_messages

RATE = 100  # messages planned a second
_PROGRAMS = {"transactional", "triggered", "bulk", "ticks", "beat"}


class TriggerBench(Bench):
    """Triggered and transactional messages while 200,000 others go out: from planned to handed to SMTP"""

    kind = "trigger"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--broadcast", type=int, default=200_000)
        parser.add_argument("--seconds", type=int, default=20)

    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        urgent = RATE * options["seconds"]
        bulk, *lanes = bench_mail.make_orders(Lane.BULK, Lane.TRIGGERED, Lane.TRANSACTIONAL)
        people = bench_mail.make_people(options["broadcast"] + urgent)
        bench_mail.plan(bulk, people[urgent:])
        with bench_mail.sink_account(bench_mail.tools()), _workers(say):
            _wait_until_sending(bulk)
            say("the broadcast runs")
            begun, sent = time.perf_counter(), _sent(bulk)
            _plan_steadily(lanes, people[:urgent])
            broadcast = (_sent(bulk) - sent) / (time.perf_counter() - begun)
            waiting = Message.objects.filter(order=bulk, state=Message.State.READY).exists()
            waits = _waits_ms(lanes, urgent)
        if not waiting:
            say("the broadcast ended before the others were planned: it was too small")
        return {
            "messages": urgent,
            "p50_ms": _at(waits, 0.5),
            "p95_ms": _at(waits, 0.95),
            "p99_ms": _at(waits, 0.99),
            "broadcast_per_second": round(broadcast),
        }


@contextmanager
def _workers(say: Say) -> Iterator[None]:
    """Beat and a worker of each lane, as `manage.py up` runs them."""
    programs = [one for one in running.programs(0, os.cpu_count() or 1, running.CALM) if one.name in _PROGRAMS]

    def pass_on(name: str, line: str) -> None:
        say(f"{name}: {line}")

    with Supervisor(programs, say=pass_on):
        yield


def _wait_until_sending(order: SendOrder) -> None:
    deadline = time.monotonic() + 120
    while not _sent(order):
        if time.monotonic() > deadline:
            raise RuntimeError("the broadcast does not begin")
        time.sleep(0.2)
    time.sleep(5)  # past the beginnings of all workers


def _sent(order: SendOrder) -> int:
    return Message.objects.filter(order=order, state=Message.State.SENT).count()


def _plan_steadily(orders: Sequence[SendOrder], people: Sequence[int]) -> None:
    """One message after another, to each order in its turn."""
    begun = time.perf_counter()
    for number, contact_id in enumerate(people):
        time.sleep(max(begun + number / RATE - time.perf_counter(), 0))
        plan_messages(orders[number % len(orders)], [contact_id], due_at=timezone.now())


def _waits_ms(orders: Sequence[SendOrder], expected: int) -> list[float]:
    """From planned to settled, which comes right after the server's 250, by the database's clock."""
    mine = Message.objects.filter(order__in=orders)
    deadline = time.monotonic() + 60
    while mine.filter(state=Message.State.SENT).count() < expected:
        if time.monotonic() > deadline:
            raise RuntimeError("not all of them were sent within a minute")
        time.sleep(0.2)
    waits: list[timedelta] = list(mine.values_list(F("settled_at") - F("created_at"), flat=True))
    return sorted(wait.total_seconds() * 1000 for wait in waits)


def _at(waits: Sequence[float], share: float) -> float:
    return round(waits[int(len(waits) * share)], 1)
