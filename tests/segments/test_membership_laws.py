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
from segments.models import Attribute, Contact, Segment, SegmentUpkeep, Touch
from segments.services import membership_passes, memberships, upkeep
from segments.services.attributes import register_attribute
from segments.services.contacts import edit_contact
from segments.services.lists import add_to_list, remove_from_list
from segments.services.merging import merge_contacts
from segments.services.segments import create_segment, save_criteria
from tests.conftest import CommittedDb
from tests.factories.events import event, take
from tests.factories.segments import contact, contact_list, csv_bytes, imported
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


class World:
    """Some people, lists and segments that stand on each other, and everything that may be done to them."""

    def __init__(self) -> None:
        self.people = [contact(country="DE", external_id=f"u{n}") for n in range(8)]
        self.lists = [contact_list(f"list {n}") for n in range(2)]
        register_attribute(name="plan", type=Attribute.Type.STRING)
        named = [public_ids.encode("list", one.pk) for one in self.lists]
        rules = [
            GERMAN,
            rule("attributes.plan", "not_equals", "pro"),
            rule("list", "in", named[:1]),
            rule("list", "not_in", named[1:]),
            rule("event.order_completed", "did", {"count": {"operator": "greater_than", "value": 1}}),
            rule(
                "event.order_completed",
                "did_not",
                {"within": "30_days", "where": [{"property": "total", "operator": "greater_than", "value": 9}]},
            ),
            {"logic": "OR", "conditions": [*GERMAN["conditions"], *rule("list", "in", named)["conditions"]]},
        ]
        self.segments = [create_segment(name=f"segment {n}", criteria=one) for n, one in enumerate(rules)]
        first, second = _id(self.segments[0]), _id(self.segments[2])
        self.segments.append(
            create_segment(
                name="on others", criteria={**rule("segment", "not_in", [first]), "exclude_segments": [second]}
            )
        )
        self.rules = rules

    def person(self, n: int) -> Contact:
        return Contact.objects.order_by("pk")[n % 4]

    def do(self, verb: str, n: int, m: int) -> None:
        getattr(self, verb)(n, m)

    def country(self, n: int, m: int) -> None:
        edit_contact(self.person(n), {"country": ("DE", "FR", "")[m % 3]})

    def plan(self, n: int, m: int) -> None:
        edit_contact(self.person(n), {"attributes": {"plan": ("pro", "free", None)[m % 3]}})

    def enlist(self, n: int, m: int) -> None:
        add_to_list(self.lists[m % 2], [self.person(n).pk])

    def unlist(self, n: int, m: int) -> None:
        remove_from_list(self.lists[m % 2], [self.person(n).pk])

    def come(self, n: int, m: int) -> None:
        contact(country=("DE", "FR")[m % 2])

    def go(self, n: int, m: int) -> None:
        if Contact.objects.count() > 4:
            self.person(n).delete()

    def merge(self, n: int, m: int) -> None:
        kept, gone = self.person(n), self.person(m)
        if kept != gone and Contact.objects.count() > 4:
            merge_contacts(kept_id=kept.pk, gone_id=gone.pk, at=timezone.now())

    def act(self, n: int, m: int) -> None:
        take(event("order_completed", user_id=f"u{n}", properties={"total": m}), at=timezone.now())

    def rule(self, n: int, m: int) -> None:
        save_criteria(self.segments[n % len(self.rules)], self.rules[m % len(self.rules)])

    def bring(self, n: int, m: int) -> None:
        imported(csv_bytes(["email", "country"], [f"i{n}@example.test", ("DE", "FR")[m % 2]]))

    def settle(self, n: int, m: int) -> None:
        memberships.settle_touches(limit=1 + m)

    def tick(self, n: int, m: int) -> None:
        upkeep.plan(at=timezone.now())
        for segment_id in membership_passes.waiting(at=timezone.now()):
            membership_passes.pass_next(segment_id, at=timezone.now())


_VERBS = ["country", "plan", "enlist", "unlist", "come", "go", "merge", "act", "rule", "bring", "settle", "tick"]
_DEEDS = st.tuples(st.sampled_from(_VERBS), st.integers(0, 20), st.integers(0, 20))


def test_whatever_is_done_in_whatever_order_members_are_whom_the_compiler_finds(committed_db: CommittedDb) -> None:
    """One world for all examples: each goes on from what the one before has left."""
    world = World()
    keep_up()

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_DEEDS, max_size=25), st.sampled_from([2, 10_000]))  # by their ids, and by a range of them
    def law(deeds: list[tuple[str, int, int]], chunk: int) -> None:
        SegmentUpkeep.objects.update(chunk=chunk)
        for deed in deeds:
            world.do(*deed)
        keep_up()
        for segment in world.segments:
            assert members(segment) == matching(segment), segment.name
        assert_histories_hold()

    law()
