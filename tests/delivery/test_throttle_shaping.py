"""Connections and messages a connection, for each mailbox provider by itself, over all workers."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import settings
from django.utils import timezone
from redis import Redis

from delivery import pipeline, throttle
from delivery.accounts import close_all
from delivery.models import MailboxProvider, Message, ProviderAccount
from delivery.providers.base import Envelope, Outcome, Shape
from delivery.selectors.ledger import waterfall
from delivery.smtp import Client, Config
from delivery.throttle import Because, slots
from delivery.throttle.groups import Group
from tests.factories.delivery import make_contacts, make_order, plan
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import PATIENCE_S

EVENS, ODDS = Shape("evens", 2, 1000), Shape("odds", 1, 3)


class _Watched(SmtpServer):
    """Takes 10 ms a message, and sees how many of a group are at it at once and how many come on one connection."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_it: Counter[int] = Counter()
        self.most: Counter[int] = Counter()
        self.on_one: Counter[tuple[int, str]] = Counter()
        self._watch = threading.Lock()

    def accept(self, number: int, body: bytes) -> None:
        group = number % 2
        with self._watch:
            self._at_it[group] += 1
            self.most[group] = max(self.most[group], self._at_it[group])
            self.on_one[group, threading.current_thread().name] += 1
        time.sleep(0.01)
        with self._watch:
            self._at_it[group] -= 1
        super().accept(number, body)


@pytest.fixture
def server() -> Iterator[_Watched]:
    with _Watched() as running:
        yield running
    close_all()


def _envelopes(count: int) -> list[Envelope]:
    return [
        Envelope(n, f"b+{n}@acme.test", f"p{n}@example.test", b"Subject: x\r\n\r\n", shape=ODDS if n % 2 else EVENS)
        for n in range(count)
    ]


def _send(client: Client, envelopes: list[Envelope]) -> list[Outcome]:
    return [receipt.outcome for receipt in client.send(envelopes, begin_before=time.monotonic() + PATIENCE_S)]


def test_each_group_keeps_to_its_connections_and_messages_on_one(server: _Watched) -> None:
    client = Client(Config("127.0.0.1", server.port, connections=5))
    assert _send(client, _envelopes(60)) == [Outcome.SENT] * 60
    client.close()
    assert server.most == {0: 2, 1: 1}
    assert max(count for (group, _), count in server.on_one.items() if group == 1) == 3


def test_a_smaller_share_holds_from_the_next_batch_on(server: _Watched) -> None:
    client = Client(Config("127.0.0.1", server.port, connections=5))
    _send(client, _envelopes(20))
    server.most.clear()
    narrow = [replace(one, shape=replace(EVENS, connections=1)) for one in _envelopes(20)]
    assert _send(client, narrow) == [Outcome.SENT] * 20
    client.close()
    assert max(server.most.values()) == 1


def test_more_groups_than_connections_are_served_one_after_the_other(server: _Watched) -> None:
    client = Client(Config("127.0.0.1", server.port, connections=1))
    assert _send(client, _envelopes(20)) == [Outcome.SENT] * 20
    client.close()


def test_a_line_of_messages_that_no_server_takes_does_not_hold_up_the_next(server: _Watched) -> None:
    client = Client(Config("127.0.0.1", server.port, connections=1))
    bad = [replace(one, rcpt_to="") if one.message_id % 2 == 0 else one for one in _envelopes(6)]
    assert _send(client, bad) == [Outcome.PERMANENT, Outcome.SENT] * 3
    client.close()


def _group(limit: int, key: str = "shared") -> Group:
    return Group(key, 1, None, limit, 100)


def _held_by_another(key: str, connections: int, *, ends_in: float) -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.hset(f"throttle:slots:{key}", "another", f"{connections} {time.time() + ends_in:.6f}")


def test_what_others_hold_is_not_lent_again() -> None:
    _held_by_another("shared", 4, ends_in=60)
    assert slots.lend({_group(5): 4}) == {"shared": 1}
    _held_by_another("shared", 5, ends_in=60)
    assert slots.lend({_group(5): 4}) == {"shared": 0}


def test_what_a_dead_worker_held_comes_free_when_its_time_is_over() -> None:
    _held_by_another("shared", 5, ends_in=-1)
    assert slots.lend({_group(5): 4}) == {"shared": 4}


def test_a_worker_leaves_the_others_their_share() -> None:
    _held_by_another("shared", 0, ends_in=5)
    assert slots.lend({_group(5): 50}) == {"shared": 3}


def test_what_is_given_back_is_others_to_use() -> None:
    slots.lend({_group(1): 1})
    slots.give_back(["shared"])
    with Redis.from_url(settings.REDIS_URL) as redis:
        assert redis.hgetall("throttle:slots:shared") == {}


_WORKER = """
import random, sys, time
import django; django.setup()
from delivery.throttle import slots
from delivery.throttle.connection import client
from delivery.throttle.groups import Group
def now():
    seconds, micros = client().time()
    return seconds + micros / 1e6
end = time.time() + 2
while time.time() < end:
    lent = slots.lend({Group("shared", 1, None, 5, 100): 4})["shared"]
    at = now()
    time.sleep(random.uniform(0, 0.01))
    print(at, now(), lent, flush=True)
    slots.give_back(["shared"])
"""


def test_three_processes_together_never_hold_more_than_there_are() -> None:
    workers = [subprocess.Popen([sys.executable, "-c", _WORKER], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    rows = [line.split() for worker in workers for line in worker.communicate()[0].splitlines()]
    changes = [(float(since), int(lent)) for since, _, lent in rows] + [
        (float(end), -int(lent)) for _, end, lent in rows
    ]
    held = most = 0
    for _, change in sorted(changes):
        held += change
        most = max(most, held)
    assert 0 < most <= 5
    assert len(rows) > 30


@pytest.mark.django_db
def test_what_finds_no_connection_waits_a_moment_and_holds_up_nobody(server: _Watched) -> None:
    ProviderAccount.objects.create(name="r", kind="smtp", config={"host": "127.0.0.1", "port": server.port})
    MailboxProvider.objects.filter(slug="yahoo").update(connections=3)
    throttle.forget()
    _held_by_another("yahoo", 3, ends_in=60)
    order = make_order()
    plan(order, make_contacts("p1@yahoo.com", "p2@aol.com", "p3@gmail.com", "p4@small.example"))
    pipeline.work_lane("bulk", seconds=0.01)
    assert sorted(server.accepted) == [3, 4]
    waits = Message.objects.filter(order=order, state="ready")
    assert {message.reason for message in waits} == {Because.CONNECTIONS}
    assert all((message.due_at - timezone.now()).total_seconds() < 1 for message in waits)
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.delete("throttle:slots:yahoo")
    pipeline.work_lane("bulk", seconds=5)
    assert waterfall(order.campaign_id).reasons == {"sent": {"": 4}}


@pytest.mark.django_db
def test_connections_are_given_back_when_a_group_is_through(server: _Watched) -> None:
    ProviderAccount.objects.create(name="r", kind="smtp", config={"host": "127.0.0.1", "port": server.port})
    order = make_order()
    plan(order, make_contacts(*(f"p{n}@gmail.com" for n in range(10))))
    pipeline.work_lane("bulk", seconds=5)
    assert waterfall(order.campaign_id).reasons == {"sent": {"": 10}}
    with Redis.from_url(settings.REDIS_URL) as redis:
        assert redis.hgetall("throttle:slots:google") == {}
