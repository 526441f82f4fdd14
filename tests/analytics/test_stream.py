"""Exactly once: whatever the order, the crashes and the company, the counters equal the log."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import services, stream
from analytics.models import CampaignStat, StreamMark
from delivery.models import DeliveryEvent
from tests.analytics import oracle
from tests.conftest import CommittedDb
from tests.factories import analytics as make
from tests.support.waiting import PATIENCE_S, wait_for_horizon

KINDS = ["sent", "bounced", "deferred", "opened", "opened", "clicked", "clicked", "unsubscribed"]


HITS = {"opened", "clicked"}


class _CrashError(Exception):
    pass


def random_event(draw: random.Random) -> DeliveryEvent:
    message = draw.randrange(1, 12)
    return DeliveryEvent(
        at=make.AT + timedelta(minutes=draw.randrange(-90, 90), days=draw.choice([0, 0, 0, 40, 400])),
        kind=draw.choice(KINDS),
        message_id=message,
        contact_id=1,
        campaign_id=message % 3,
        order_id=1,
        channel=draw.choice(["email", "sms"]),
        reason=draw.choice(["", "", "prefetch", "scanner"]),
        detail=draw.choice(["", "7", "8", "not a link"]),
    )


def write(draw: random.Random, transactions: int) -> None:
    """Random groups of events, repeated ones among them; some are rolled back, some stay open for a while."""
    for _ in range(transactions):
        group = [random_event(draw) for _ in range(draw.randrange(1, 6))]
        group += [_again(event) for event in group if draw.random() < 0.3]
        group += [_rejudged(draw, hit) for hit in group if hit.kind in HITS]
        middle = len(group) // 2
        with transaction.atomic():
            DeliveryEvent.objects.bulk_create(group[:middle])
            time.sleep(draw.choice([0, 0, 0.01]))
            DeliveryEvent.objects.bulk_create(group[middle:])  # with later ids than others' later transactions
            transaction.set_rollback(draw.random() < 0.2)


def _rejudged(draw: random.Random, hit: DeliveryEvent) -> DeliveryEvent:
    """Maybe of another verdict, maybe of another time than there is a hit of."""
    at = hit.at if draw.random() < 0.8 else make.AT
    return make.rejudged(
        hit.kind, hit.detail, at, message=hit.message_id, campaign=hit.campaign_id, reason=draw.choice(["", "scanner"])
    )


def _again(event: DeliveryEvent) -> DeliveryEvent:
    return DeliveryEvent(**{f.attname: getattr(event, f.attname) for f in DeliveryEvent._meta.fields if f.name != "id"})


def consume(draw: random.Random, stop: threading.Event) -> None:
    """Count with small chunks, die now and then just before the commit, and begin rebuilds."""
    while not stop.is_set():
        live = services._live()
        with suppress(_CrashError), transaction.atomic():
            stream.count_chunk(live.pk, limit=draw.choice([1, 5, 1000]))
            if draw.random() < 0.3:
                raise _CrashError
        if draw.random() < 0.1:
            services.start_rebuild()
            services.build_chunk()
        if draw.random() < 0.1:
            connection.close()  # a new process has a new connection


def in_thread(work: Callable[[], None], failures: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)
            raise
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("seed", range(4))
def test_the_counters_equal_the_log_whatever_happens(committed_db: CommittedDb, seed: int) -> None:
    services._live()
    failures: list[BaseException] = []
    stop = threading.Event()
    writers = [in_thread(lambda n=n: write(random.Random(f"w{seed}.{n}"), 60), failures) for n in range(3)]  # type: ignore[misc]
    consumers = [in_thread(lambda n=n: consume(random.Random(f"c{seed}.{n}"), stop), failures) for n in range(2)]  # type: ignore[misc]
    for thread in writers:
        thread.join()
    stop.set()
    for thread in consumers:
        thread.join()
    make.count_all()
    assert failures == []
    events = oracle.log()
    assert len(events) > 50
    assert oracle.counted() == oracle.recount(events)
    assert services._live().events == len(events)
    assert stream.differences() == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(), limit=st.integers(1, 30))
def test_the_size_of_chunks_changes_no_figure(committed_db: CommittedDb, seed: int, limit: int) -> None:
    write(random.Random(seed), 4)
    wait_for_horizon()
    while stream.count_chunk(services._live().pk, limit=limit):
        pass
    assert oracle.counted() == oracle.recount(oracle.log())


def test_an_event_that_commits_late_is_counted_and_holds_up_only_what_came_after(committed_db: CommittedDb) -> None:
    make.events("sent", message=1)
    make.count_all()
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            make.events("sent", message=2)
            begun.set()
            go_on.wait(PATIENCE_S)

    failures: list[BaseException] = []
    thread = in_thread(slow, failures)
    begun.wait(PATIENCE_S)
    make.events("sent", message=3)
    services.count(seconds=1)
    waiting = services._live()
    go_on.set()
    thread.join()
    assert (waiting.events, waiting.as_of) == (1, make.AT)  # the figure's age shows what it does not have yet
    make.count_all()
    assert services._live().events == 3
    assert failures == []


def test_a_consumer_does_not_wait_for_another(committed_db: CommittedDb) -> None:
    make.events("sent")
    live = services._live()
    taken, done = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            StreamMark.objects.select_for_update().get(pk=live.pk)
            taken.set()
            done.wait(PATIENCE_S)

    thread = in_thread(other, [])
    taken.wait(PATIENCE_S)
    assert stream.count_chunk(live.pk) is None
    done.set()
    thread.join()


def test_somebody_who_opens_many_times_is_one_message_in_the_hour_of_the_first(committed_db: CommittedDb) -> None:
    make.events("sent", "opened", "opened")
    make.count_all()
    make.events("opened", at=make.AT + timedelta(hours=3))
    make.count_all()
    rows = CampaignStat.objects.filter(kind="opened").order_by("hour").values_list("total", "unique")
    assert list(rows) == [(2, 1), (1, 0)]


def test_a_machine_that_opens_first_does_not_hide_the_human(committed_db: CommittedDb) -> None:
    make.events("opened", reason="prefetch")
    make.count_all()
    make.events("opened")
    make.count_all()
    row = CampaignStat.objects.values_list("total", "unique", "human_total", "human_unique").get(kind="opened")
    assert row == (2, 1, 1, 1)


@pytest.mark.parametrize("order", [("sent", "bounced"), ("bounced", "sent")])
def test_a_message_that_came_back_is_known_in_either_order(committed_db: CommittedDb, order: tuple[str, str]) -> None:
    for kind in order:
        make.events(kind, kind)
        make.count_all()
    assert CampaignStat.objects.get(kind="returned").total == 1


def test_test_sends_are_not_counted(committed_db: CommittedDb) -> None:
    make.events("sent", campaign=0)
    make.count_all()
    assert not CampaignStat.objects.exists()
    assert services._live().events == 1


def test_who_turns_out_a_machine_is_taken_back_from_the_hour_it_was_counted_in(committed_db: CommittedDb) -> None:
    later = make.AT + timedelta(hours=3)
    make.events("opened")
    make.events("opened", at=later)
    make.count_all()
    make.rejudged("opened", "", make.AT, reason="scanner").save()
    make.count_all()
    rows = CampaignStat.objects.filter(kind="opened").order_by("hour").values_list("human_total", "human_unique")
    assert list(rows) == [(0, 0), (1, 1)]
    make.rejudged("opened", "", later, reason="scanner").save()
    make.count_all()
    assert list(rows.all()) == [(0, 0), (0, 0)]
    make.rejudged("opened", "", later, reason="").save()
    make.count_all()
    assert list(rows.all()) == [(0, 0), (1, 1)]
