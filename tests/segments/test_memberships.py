"""Who is in which segment: what is kept equals what the compiler says, whatever is written and whoever dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from config.lib import public_ids
from segments.models import Attribute, Membership, MembershipChange, Segment, SegmentUpkeep, Touch
from segments.services import membership_looks, membership_passes, memberships
from segments.services.attributes import register_attribute
from segments.services.contacts import edit_contact
from segments.services.lists import add_to_list
from segments.services.segments import archive_segment, create_segment, edit_segment, restore_segment, save_criteria
from tests.conftest import CommittedDb
from tests.factories.events import event, take
from tests.factories.segments import contact, contact_list, csv_bytes, imported
from tests.segments.membership_worlds import (
    assert_histories_hold,
    keep_up,
    matching,
    members,
    pass_all,
    rule,
    take_up,
)
from tests.support.waiting import wait_for_horizon

GERMAN = rule("country", "equals", "DE")


def _changes(segment: Segment) -> list[tuple[int, str, str]]:
    rows = MembershipChange.objects.filter(segment_id=segment.pk).order_by("id")
    return list(rows.values_list("contact_id", "kind", "how"))


def _id(segment: Segment) -> str:
    return public_ids.encode("segment", segment.pk)


def _upkeep(segment: Segment) -> SegmentUpkeep:
    return SegmentUpkeep.objects.get(pk=segment.pk)


def test_entries_and_exits_follow_the_data_and_say_why(committed_db: CommittedDb) -> None:
    ana, ben = contact(country="DE"), contact(country="FR")
    germans = create_segment(name="germans", criteria=GERMAN)
    keep_up()
    assert members(germans) == {ana.pk}
    edit_contact(ben, {"country": "DE"})
    gone = ana.pk
    ana.delete()
    carl = contact(country="DE")
    keep_up()
    assert members(germans) == {ben.pk, carl.pk}
    assert set(_changes(germans)) == {
        (gone, "entered", "rule"), (ben.pk, "entered", "fields"), (gone, "left", "people"),
        (carl.pk, "entered", "people"),
    }  # fmt: skip
    germans.refresh_from_db()
    assert germans.size == 2
    assert_histories_hold()


def test_nobody_is_touched_while_no_segment_depends_on_it(committed_db: CommittedDb) -> None:
    people = [contact() for _ in range(3)]
    favourites = contact_list("favourites")
    assert not Touch.objects.exists()
    on_list = create_segment(name="on", criteria=rule("list", "in", [public_ids.encode("list", favourites.pk)]))
    keep_up()
    assert _upkeep(on_list).reads == ["lists", "people"]
    edit_contact(people[0], {"country": "DE"})
    assert not Touch.objects.exists()
    add_to_list(favourites, [one.pk for one in people])
    assert Touch.objects.count() == 3
    keep_up()
    assert members(on_list) == {one.pk for one in people}


def test_an_import_touches_whom_it_writes_in_the_same_transaction(committed_db: CommittedDb) -> None:
    germans = create_segment(name="germans", criteria=GERMAN)
    keep_up()
    imported(csv_bytes(["email", "country"], *[[f"p{n}@example.test", "DE" if n % 2 else "FR"] for n in range(100)]))
    memberships.settle_for(60)
    assert len(members(germans)) == 50
    assert members(germans) == matching(germans)


def test_another_rule_is_passed_through_and_told_by_its_version(committed_db: CommittedDb) -> None:
    ana, ben = contact(country="DE"), contact(country="FR")
    segment = create_segment(name="some", criteria=GERMAN)
    around = create_segment(name="around", criteria=rule("segment", "not_in", [_id(segment)]))
    keep_up()
    assert (members(segment), members(around)) == ({ana.pk}, {ben.pk})
    version = save_criteria(segment, rule("country", "equals", "FR"))
    keep_up()
    assert (members(segment), members(around)) == ({ben.pk}, {ana.pk})
    assert Membership.objects.get(segment_id=segment.pk).version_id == version.pk
    assert _changes(around)[1:] == [(ana.pk, "entered", "rule"), (ben.pk, "left", "rule")]
    assert_histories_hold()


def test_a_version_saved_in_the_midst_of_a_pass_begins_it_anew(committed_db: CommittedDb) -> None:
    people = [contact(country="DE" if n % 2 else "FR") for n in range(10)]
    segment = create_segment(name="some", criteria=GERMAN)
    take_up()
    wait_for_horizon()
    SegmentUpkeep.objects.update(chunk=3)
    assert membership_passes.pass_next(segment.pk, at=timezone.now())  # it begins
    assert membership_passes.pass_next(segment.pk, at=timezone.now())
    assert _upkeep(segment).passed == people[2].pk
    save_criteria(segment, rule("country", "equals", "FR"))
    keep_up()
    assert members(segment) == matching(segment)
    assert_histories_hold()


def test_time_alone_makes_people_leave(committed_db: CommittedDb) -> None:
    register_attribute(name="renewal", type=Attribute.Type.DATE)
    now = timezone.now()
    contact(attributes={"renewal": now.date().isoformat()})
    soon = create_segment(name="soon", criteria=rule("attributes.renewal", "within_next", "2_days"))
    fixed = create_segment(name="fixed", criteria=rule("attributes.renewal", "greater_than", "2020-01-01"))
    keep_up()
    assert (_upkeep(soon).moves, _upkeep(fixed).moves) == ("daily", "never")
    due = _upkeep(soon).due_at
    assert due
    assert now < due <= now + timedelta(days=1)
    assert (due.hour, due.minute) == (0, 0)
    pass_all(at=due)
    assert not members(soon)
    assert _changes(soon)[-1][1:] == ("left", "clock")


def test_an_archived_segment_is_let_go_and_taken_up_again(committed_db: CommittedDb) -> None:
    ana = contact(country="DE")
    segment = create_segment(name="some", criteria=GERMAN)
    keep_up()
    archive_segment(segment)
    keep_up()
    edit_contact(ana, {"country": "FR"})
    keep_up()
    assert members(segment) == {ana.pk}  # as it was
    restore_segment(segment)
    keep_up()
    assert not members(segment)
    assert_histories_hold()


def test_a_rule_that_no_longer_works_harms_no_other_and_is_made_up_for(committed_db: CommittedDb) -> None:
    register_attribute(name="plan", type=Attribute.Type.STRING)
    ana = contact(country="DE")
    broken = create_segment(name="broken", criteria=rule("attributes.plan", "not_exists"))
    germans = create_segment(name="germans", criteria=GERMAN)
    keep_up()
    Attribute.objects.all().delete()
    ben = contact(country="DE")
    keep_up()
    assert members(germans) == {ana.pk, ben.pk}
    assert "plan" in _upkeep(broken).error
    register_attribute(name="plan", type=Attribute.Type.STRING)
    keep_up(at=timezone.now() + timedelta(minutes=11))
    assert _upkeep(broken).error == ""
    assert members(broken) == {ana.pk, ben.pk}


@contextmanager
def _locked(table: str) -> Iterator[None]:
    """Nobody else can read it: whoever looks at it takes too long."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table}")
        yield


def test_a_stretch_that_takes_too_long_is_tried_again_with_fewer_people(
    committed_db: CommittedDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule reads the log: of many it is read whole, of a few what each of them did."""
    ana = contact(external_id="ana")
    take(event("order_completed", user_id="ana", properties={"total": 9}), at=timezone.now())
    where = [{"property": "total", "operator": "greater_than", "value": 5}]
    buyers = create_segment(name="buyers", criteria=rule("event.order_completed", "did", {"where": where}))
    take_up()
    wait_for_horizon()
    assert membership_passes.pass_next(buyers.pk, at=timezone.now())
    with _locked("segments_rawevent"), monkeypatch.context() as patch:
        patch.setattr(membership_looks, "_STATEMENT_LIMIT", "20ms")
        assert membership_passes.pass_next(buyers.pk, at=timezone.now())
        slow = _upkeep(buyers)
        assert (slow.error, slow.passed, slow.chunk, slow.widest) == ("", 0, 5000, 5000)
    while membership_passes.pass_next(buyers.pk, at=timezone.now()):
        pass
    assert members(buyers) == {ana.pk}
    assert _upkeep(buyers).chunk == 5000  # no more are tried again, however quick it was


def test_a_rule_too_slow_for_the_fewest_is_named_and_tried_again(
    committed_db: CommittedDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = contact_list("listed")
    ana = contact()
    add_to_list(listed, [ana.pk])
    segment = create_segment(name="listed", criteria=rule("list", "in", [public_ids.encode("list", listed.pk)]))
    germans = create_segment(name="germans", criteria=GERMAN)
    keep_up()
    SegmentUpkeep.objects.update(chunk=100, due_at=timezone.now())
    ben = contact(country="DE")
    with _locked("segments_listmembership"), monkeypatch.context() as patch:
        patch.setattr(membership_looks, "_STATEMENT_LIMIT", "20ms")
        pass_all()
    assert _upkeep(segment).error == SegmentUpkeep.TOO_SLOW
    keep_up()
    assert members(germans) == {ben.pk}
    keep_up(at=timezone.now() + timedelta(minutes=11))
    assert _upkeep(segment).error == ""
    assert members(segment) == {ana.pk}


def test_a_statement_about_very_many_people_asks_for_a_pass(committed_db: CommittedDb) -> None:
    germans = create_segment(name="germans", criteria=GERMAN)
    keep_up()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_contact (external_id, country) SELECT 'x' || n, 'DE' FROM generate_series(1, 50002) n"
        )
    assert Touch.objects.filter(contact_id=None).count() == 1
    Touch.objects.filter(contact_id__isnull=False).delete()
    keep_up()
    assert len(members(germans)) == 50_002
    assert_histories_hold()


def test_dynamic_segments_alone_make_touches_and_a_frozen_one_stays(committed_db: CommittedDb) -> None:
    ana, ben = contact(country="DE"), contact(country="FR")
    frozen = create_segment(name="frozen", criteria=GERMAN, dynamic=False)
    keep_up()
    frozen.refresh_from_db()
    assert frozen.frozen_at
    edit_contact(ben, {"country": "DE"})
    edit_contact(ana, {"country": "FR"})
    assert not Touch.objects.exists()
    keep_up()
    assert members(frozen) == {ana.pk}
    assert _changes(frozen) == [(ana.pk, "entered", "frozen")]
    edit_segment(frozen, name="frozen", description="", dynamic=True)
    keep_up()
    assert members(frozen) == {ben.pk}
