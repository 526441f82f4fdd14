"""Reading memberships: who was in it when and why, whom time and hands changed, and the stream that triggers read."""

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress_email
from config.lib import public_ids
from segments.checking import check
from segments.dependence import reads
from segments.models import (
    Membership,
    MembershipChange,
    RfmSnapshot,
    Segment,
    SegmentDay,
    SegmentUpkeep,
    SegmentVersion,
    TailMark,
    Touch,
)
from segments.selectors.memberships import MembersAt, Place, changes_after, days, log_begins, segments_of, stays
from segments.selectors.memberships import members as people_in
from segments.selectors.standing import Standing
from segments.services import hand_kept, membership_logs, memberships
from segments.services.contacts import edit_contact
from segments.services.merging import merge_contacts
from segments.services.segments import create_segment, save_criteria
from segments.watches import WATCHES
from tests.conftest import CommittedDb
from tests.factories.analytics import events as delivery_events
from tests.factories.segments import contact, contact_list
from tests.segments.membership_worlds import assert_histories_hold, keep_up, members, rule
from tests.support.waiting import wait_for_horizon

GERMAN = rule("country", "equals", "DE")
BASE = Path(settings.BASE_DIR)
MARCH = datetime(2026, 3, 3, 12, tzinfo=UTC)


def _stay(segment: Segment, contact_id: int, since: datetime, until: datetime | None = None) -> None:
    """As the upkeep would have written it at the time."""
    one = {"segment_id": segment.pk, "contact_id": contact_id, "version_id": segment.current_id}
    MembershipChange.objects.create(**one, at=since, kind="entered", how="fields")
    if until:
        MembershipChange.objects.create(**one, at=until, kind="left", how="lists", since=since)
    else:
        Membership.objects.create(**one, how="fields", added_at=since)


@pytest.mark.django_db
def test_who_was_in_it_on_a_day_is_told_from_what_came_after() -> None:
    people = [contact() for _ in range(5)]
    segment = create_segment(name="some", criteria=GERMAN)
    day = timedelta(days=1)
    _stay(segment, people[0].pk, MARCH - day)
    _stay(segment, people[1].pk, MARCH - day, MARCH + day)
    _stay(segment, people[2].pk, MARCH - 2 * day, MARCH - day)
    _stay(segment, people[2].pk, MARCH + day)
    _stay(segment, people[3].pk, MARCH, MARCH + day)
    _stay(segment, people[4].pk, MARCH + day, MARCH + 2 * day)
    then = MembersAt(segment.pk, MARCH)
    assert then[:10] == [people[3], people[1], people[0]]
    assert then.filter(pk__lt=people[3].pk)[:1] == [people[1]]
    assert then.above(people[0].pk, 1) == [people[1]]
    assert MembersAt(segment.pk, MARCH - day)[:10] == [people[1], people[0]]
    assert set(people_in(segment.pk)) == {people[0], people[2]}
    back, first = stays(segment.pk, [people[2].pk])
    assert (first.until, first.entered_how, first.left_how) == (MARCH - day, "fields", "lists")
    assert back.until is None
    assert [one.covers(MARCH) for one in (back, first)] == [False, False]
    assert [one.name for one, _membership in segments_of(people[0].pk)] == ["some"]


@pytest.mark.django_db
def test_sizes_go_on_where_nothing_changed() -> None:
    first = MARCH.date()
    for offset, size in ((0, 5), (3, 9)):
        SegmentDay.objects.create(segment_id=1, day=first + timedelta(days=offset), size=size, entered=size, left=1)
    shown = days(1, last=first + timedelta(days=4))
    assert [one.size for one in shown] == [5, 5, 5, 9, 9]
    assert [one.entered for one in shown] == [5, 0, 0, 9, 0]
    assert [one.size for one in days(1, last=first + timedelta(days=4), count=3)] == [5, 9, 9]
    assert days(2, last=first) == []


@pytest.mark.django_db
def test_a_rule_is_held_against_one_person_line_by_line() -> None:
    ana, favourites = contact(country="DE"), contact_list("favourites")
    french = create_segment(name="french", criteria=rule("country", "equals", "FR"))
    segment = create_segment(name="some", criteria={
        "logic": "OR",
        "conditions": [
            {"field": "country", "operator": "not_equals", "value": "DE"},
            {"logic": "AND", "not": True, "conditions": [
                {"field": "list", "operator": "in", "value": [public_ids.encode("list", favourites.pk)]}]},
        ],
        "exclude_segments": [public_ids.encode("segment", french.pk)],
    })  # fmt: skip
    assert segment.current
    lines = check(segment.current.criteria, ana.pk, at=timezone.now())
    assert [(one.line.depth, one.holds) for one in lines] == [(0, True), (1, False), (1, True), (2, False), (0, True)]
    assert "except people in the segment “french”" in lines[-1].line.text


@pytest.mark.django_db
def test_a_rule_that_no_longer_works_says_so_instead() -> None:
    lines = check({"conditions": [{"field": "attributes.gone", "operator": "exists"}]}, 1, at=timezone.now())
    assert [one.holds for one in lines] == [None]
    assert "no longer works" in lines[0].line.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "kinds", "unwatched"),
    [
        ('SELECT "segments_contact"."id" FROM "segments_contact"', {"people"}, False),
        ('... WHERE "segments_contact"."country" = %s', {"people", "fields"}, False),
        ("... FROM segments_events_of(1, now(), now())", {"people", "events"}, False),
        ('... FROM "segments_activitytotal" U0', {"people", "events"}, False),
        ('... FROM "delivery_message" U0', {"people", "messages"}, False),
        ('... FROM "compliance_suppression" U0', {"people", "suppressions"}, False),
        ('... FROM "campaigns_enrolment" U0', {"people", "audiences"}, False),
        ('... FROM "segments_rfmscore" U0', {"people", "scores"}, False),
        ('... FROM "analytics_freshness" U0', {"people"}, True),
        ("... WHERE segments_owner(1, now(), NULL) = 1", {"people", "events"}, False),
        ("... WHERE ensure_log_partitions(1) > 0 AND analytics_recount('{}') IS NULL", {"people"}, True),
    ],
)
def test_what_a_rule_depends_on_is_read_from_its_sql(sql: str, kinds: set[str], unwatched: bool) -> None:
    assert reads(sql) == (frozenset(kinds), unwatched)


def test_a_frozen_segment_is_changed_by_hand_alone_and_rules_stand_on_it(committed_db: CommittedDb) -> None:
    people = [contact(country="DE" if n < 2 else "FR") for n in range(5)]
    guests = create_segment(name="guests", criteria=GERMAN)
    not_guests = create_segment(
        name="others", criteria={"not": rule("segment", "in", [public_ids.encode("segment", guests.pk)])}
    )
    with pytest.raises(hand_kept.NotFrozen):
        hand_kept.add_people(guests, [people[2].pk])
    hand_kept.freeze(guests)
    keep_up()
    assert hand_kept.add_people(guests, [people[1].pk, people[2].pk, 999_999]) == {people[2].pk}
    assert hand_kept.remove_people(guests, [people[0].pk, people[4].pk]) == {people[0].pk}
    assert hand_kept.add_list(guests, contact_list("more", people[2:4]), chunk=1) == 1
    memberships.settle_for(60)  # no pass: the touches by hand are enough for those who stand on it
    assert members(guests) == {one.pk for one in people[1:4]}
    assert members(not_guests) == {people[0].pk, people[4].pk}
    guests.refresh_from_db()
    assert guests.size == 3
    hand_kept.follow_again(guests)
    keep_up()
    assert members(guests) == {people[0].pk, people[1].pk}
    assert_histories_hold()


def test_months_long_over_are_dropped_and_days_after_them_stay_right(committed_db: CommittedDb) -> None:
    """Ana was in it in January 2020 alone, Ben from January to March, Carl from March on."""
    ana, ben, carl = contact(), contact(), contact(country="DE")
    germans = create_segment(name="germans", criteria=GERMAN)
    assert germans.current_id
    with connections["owner"].cursor() as cursor:
        for month in (1, 2, 3):
            cursor.execute(
                f"CREATE TABLE segments_membershipchange_2020_0{month} PARTITION OF segments_membershipchange"
                f" FOR VALUES FROM ('2020-0{month}-01') TO ('2020-0{month + 1}-01')"
            )
            cursor.execute(
                f"SELECT guard_append_only('segments_membershipchange_2020_0{month}', %s)",
                [settings.DATABASES["default"]["USER"]],
            )
    first, march = datetime(2020, 1, 10, tzinfo=UTC), datetime(2020, 3, 10, tzinfo=UTC)
    one = {"segment_id": germans.pk, "version_id": germans.current_id, "how": "fields"}
    for who, at, since in ((ana, first, None), (ana, first + timedelta(days=5), first), (ben, first, None),
                           (ben, march, first), (carl, march, None)):  # fmt: skip
        kind = "left" if since else "entered"
        MembershipChange.objects.create(**one, contact_id=who.pk, at=at, kind=kind, since=since)
    Membership.objects.create(**one, contact_id=carl.pk, added_at=march)
    over = (timezone.now() - datetime(2020, 3, 1, tzinfo=UTC)).days - 1  # February is over for longer, March is not
    with pytest.raises(DatabaseError, match="31 days"):
        membership_logs.forget_changes(days=30)
    assert membership_logs.forget_changes(days=over) == 2
    assert membership_logs.forget_changes(days=over) == 0
    assert set(MembershipChange.objects.values_list("contact_id", "kind")) == {(ben.pk, "left"), (carl.pk, "entered")}
    assert MembersAt(germans.pk, march - timedelta(days=2))[:5] == [ben]
    [stay] = stays(germans.pk, [ben.pk])
    assert (stay.since, stay.until, stay.entered_how) == (first, march, "")


@pytest.mark.parametrize(
    ("days", "kept", "there_was_a_rule", "was_in"),
    [(1, 31, True, False), (80, 31, True, None), (80, 31, False, False), (80, 0, True, False)],
)
def test_who_was_in_it_before_the_log_begins_is_not_known(
    settings: Any, days: int, kept: int, there_was_a_rule: bool, was_in: bool | None
) -> None:
    settings.MEMBERSHIP_LOG_DAYS = kept
    now, version = timezone.now(), SegmentVersion() if there_was_a_rule else None
    assert Standing(now - timedelta(days=days), None, [], version, [], log_begins(at=now)).was_in is was_in


def test_whoever_becomes_one_with_a_guest_is_a_guest(committed_db: CommittedDb) -> None:
    kept, gone = contact(country="FR"), contact(country="DE")
    guests = create_segment(name="guests", criteria=GERMAN, dynamic=False)
    keep_up()
    merge_contacts(kept_id=kept.pk, gone_id=gone.pk, at=timezone.now())
    keep_up()
    assert members(guests) == {kept.pk}
    assert_histories_hold()


def test_another_rule_freezes_anew(committed_db: CommittedDb) -> None:
    ana, ben = contact(country="DE"), contact(country="FR")
    guests = create_segment(name="guests", criteria=GERMAN, dynamic=False)
    keep_up()
    edit_contact(ana, {"country": "US"})
    save_criteria(guests, rule("country", "in", ["FR", "US"]))
    keep_up()
    assert members(guests) == {ana.pk, ben.pk}
    guests.refresh_from_db()
    assert guests.frozen_at


def test_opt_outs_touch_the_contact_whose_address_it_is(committed_db: CommittedDb) -> None:
    ana, _ben = contact(email="ana@example.test"), contact()
    _watch("suppressions")
    suppress_email(
        "ana@example.test", scope=Scope.GLOBAL, scope_id=0, reason=Reason.MANUAL, source="test", at=timezone.now()
    )
    assert set(Touch.objects.values_list("contact_id", "watch")) == {(ana.pk, "suppressions")}


def test_new_scores_and_a_launch_ask_for_a_pass(committed_db: CommittedDb) -> None:
    kept = _watch("scores")
    snapshot = RfmSnapshot.objects.create(taken_at=MARCH)
    assert not Touch.objects.exists()
    RfmSnapshot.objects.filter(pk=snapshot.pk).update(finished_at=MARCH)
    assert list(Touch.objects.values_list("contact_id", "watch")) == [(None, "scores")]
    memberships.settle_touches()
    kept.refresh_from_db()
    assert kept.how == "scores"
    assert kept.due_at
    assert kept.due_at <= timezone.now()


def test_no_condition_reads_what_nothing_watches(committed_db: CommittedDb) -> None:
    """By the names of tables in all that conditions are made of: a new one is found here."""
    watched = {name for watch in WATCHES for name in watch.names} | {"segments_contact"}
    tables = {model._meta.db_table for model in apps.get_models()}
    rooms = [*BASE.glob("*/predicates/*.py"), *BASE.glob("*/predicates.py")]
    assert len(rooms) > 10
    named = {name for room in rooms for name in re.findall(r"\b[a-z]+_[a-z]+\b", room.read_text())}
    assert named & tables - watched == set()


def _watch(kind: str) -> SegmentUpkeep:
    segment = create_segment(name=f"by {kind}", criteria=GERMAN)
    keep_up()
    SegmentUpkeep.objects.filter(pk=segment.pk).update(reads=[kind, "people"])
    return SegmentUpkeep.objects.get(pk=segment.pk)


def test_the_log_of_messages_is_followed_from_a_mark_while_somebody_depends_on_it(committed_db: CommittedDb) -> None:
    delivery_events("sent", message=1, contact_id=5)
    membership_logs.follow_logs()
    assert not TailMark.objects.exists()
    _watch("messages")
    delivery_events("sent", message=2, contact_id=6)
    wait_for_horizon()
    TailMark.objects.create(log="delivery_deliveryevent", **_here())
    delivery_events("opened", "clicked", message=2, contact_id=7)
    wait_for_horizon()
    membership_logs.follow_logs()
    membership_logs.follow_logs()
    assert list(Touch.objects.values_list("contact_id", "watch")) == [(7, "messages")]
    SegmentUpkeep.objects.update(reads=["people"])
    membership_logs.follow_logs()
    assert not TailMark.objects.exists()


def _here() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        return {"xid": cursor.fetchone()[0], "row": 2**62}


def test_a_log_of_another_cluster_is_begun_anew_with_a_pass(committed_db: CommittedDb) -> None:
    upkeep = _watch("messages")
    TailMark.objects.create(log="delivery_deliveryevent", xid=2**60)
    membership_logs.follow_logs()
    assert TailMark.objects.get().xid < 2**60
    due = SegmentUpkeep.objects.get(pk=upkeep.pk).due_at
    assert due
    assert due <= timezone.now()


def test_entries_and_exits_are_read_in_order_and_none_is_passed_by(committed_db: CommittedDb) -> None:
    """A transaction that begins first and commits last is read last, and is read."""
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            _log(1)
            written.set()
            go_on.wait(30)
        connections.close_all()

    slow = threading.Thread(target=write)
    slow.start()
    written.wait(30)
    _log(2)
    assert changes_after(Place()) == []
    go_on.set()
    slow.join()
    wait_for_horizon()
    found = changes_after(Place())
    assert [one.contact_id for one in found] == [1, 2]
    assert changes_after(found[0].place) == found[1:]


def _log(contact_id: int) -> None:
    values: dict[str, Any] = {"segment_id": 1, "version_id": 1, "how": "fields", "kind": "entered"}
    MembershipChange.objects.create(contact_id=contact_id, **values)
