"""Members are whom the compiler finds, whoever writes or dies at once, and whatever is done in whatever order."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.lib import public_ids
from segments.models import Contact, Segment, SegmentUpkeep, Touch
from segments.predicates.base import PREDICATES
from segments.services import membership_passes, memberships
from segments.services.segments import create_segment
from tests.conftest import CommittedDb
from tests.factories.segments import contact
from tests.segments.membership_deeds import DEEDS, World
from tests.segments.membership_worlds import (
    assert_histories_hold,
    keep_up,
    matching,
    members,
    rule,
    take_up,
)

GERMAN = rule("country", "equals", "DE")


def _id(segment: Segment) -> str:
    return public_ids.encode("segment", segment.pk)


def _terminate(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_a_pass_waits_for_writers_who_did_not_know_of_the_watch(committed_db: CommittedDb) -> None:
    """Somebody writes before the segment is watched and commits after: a pass meanwhile would miss them for ever."""
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            contact(country="DE")
            written.set()
            go_on.wait(30)
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    written.wait(30)
    germans = create_segment(name="germans", criteria=GERMAN)
    take_up()
    assert membership_passes.waiting(at=timezone.now()) == []
    assert not membership_passes.pass_next(germans.pk, at=timezone.now())
    go_on.set()
    writer.join()
    keep_up()
    assert len(members(germans)) == 1


def test_a_worker_that_dies_after_its_claim_loses_nothing(committed_db: CommittedDb) -> None:
    """Its connection is cut at its last statement: its touches are claimed, the members written, nothing committed."""
    germans = create_segment(name="germans", criteria=GERMAN)
    keep_up()
    contact(country="DE")
    began: list[int] = []
    died: list[BaseException] = []

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            began.append(cursor.fetchone()[0])
        try:
            memberships.settle_touches()
        except OperationalError as error:
            died.append(error)
        connections.close_all()

    with transaction.atomic():
        SegmentUpkeep.objects.select_for_update().get(pk=germans.pk)
        worker = threading.Thread(target=work)
        worker.start()
        while not _is_waiting(began):
            time.sleep(0.01)
        _terminate(began[0])
        worker.join()
    assert died
    assert Touch.objects.count() == 1
    assert not members(germans)
    keep_up()
    assert members(germans) == matching(germans) != set()
    assert_histories_hold()


def _is_waiting(pids: list[int]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM unnest(%s::int[]) p(id) WHERE pg_blocking_pids(p.id) <> '{}'", [pids])
        return bool(cursor.fetchone()[0])


def test_workers_at_one_segment_at_once_agree_with_each_other(committed_db: CommittedDb) -> None:
    """Two settle touches, two go on with passes, two write: every stay is told once and none is lost."""
    people = [contact(country="DE" if n % 2 else "FR") for n in range(40)]
    germans = create_segment(name="germans", criteria=GERMAN)
    others = create_segment(name="others", criteria={"not": rule("segment", "in", [_id(germans)])})
    keep_up()
    stop = threading.Event()

    def write(offset: int) -> None:
        for n in range(120):
            Contact.objects.filter(pk=people[(n * 7 + offset) % 40].pk).update(country="DE" if n % 3 else "FR")

    def settle() -> None:
        while not stop.is_set():
            memberships.settle_touches(limit=7)

    def refresh() -> None:
        while not stop.is_set():
            SegmentUpkeep.objects.filter(passed=None).update(due_at=timezone.now(), chunk=5)
            for one in (germans, others):
                membership_passes.pass_next(one.pk, at=timezone.now())

    _together([partial(write, 0), partial(write, 11)], [settle, settle, refresh, refresh], stop)
    memberships.settle_for(60)
    assert members(germans) == matching(germans)
    assert members(others) == matching(others)
    assert_histories_hold()


def _together(
    writers: Sequence[Callable[[], None]], workers: Sequence[Callable[[], None]], stop: threading.Event
) -> None:
    """All at once, until the writers are done. A failure in one is a failure here."""
    failed: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(one,)) for one in (*writers, *workers)]
    for one in threads:
        one.start()
    for one in threads[: len(writers)]:
        one.join()
    stop.set()
    for one in threads:
        one.join()
    assert not failed, failed


def test_whatever_is_done_in_whatever_order_members_are_whom_the_compiler_finds(committed_db: CommittedDb) -> None:
    """One world for all examples, with conditions of every kind: each goes on from what the one before has left."""
    world = World()
    assert world.kinds() == set(PREDICATES.kinds())
    keep_up()

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(DEEDS, max_size=25), st.sampled_from([2, 10_000]))  # by their ids, and by a range of them
    def law(deeds: list[tuple[str, int, int]], chunk: int) -> None:
        SegmentUpkeep.objects.update(chunk=chunk)
        for deed in deeds:
            world.do(*deed)
        keep_up()
        for segment in world.segments:
            assert members(segment) == matching(segment), segment.name
        assert_histories_hold()

    law()
