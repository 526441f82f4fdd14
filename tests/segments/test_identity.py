"""Who did it: visitors become people, in whatever order that is learnt, and the rollup follows."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.models import Activity, ActivityTotal, Contact, IdentityLink, Metric, RawEvent
from segments.services.rollups import catch_up, start_over
from tests.factories.events import AT, event, statuses, take
from tests.segments.event_worlds import Rollup, Told, rollup, totals

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def _owners() -> dict[UUID, str | None]:
    """Whose each event is, by the view."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.event_id, c.external_id FROM segments_personevent e"
            " LEFT JOIN segments_contact c ON c.id = e.contact_id"
        )
        return dict(cursor.fetchall())


def _rollup(metric: str = "order_completed") -> Rollup:
    people = dict(Contact.objects.values_list("pk", "external_id"))
    rows = Activity.objects.filter(metric_id=Metric.objects.get(name=metric).pk)
    return {(people[r.contact_id] or "", r.hour): (r.count, r.total, r.first_at, r.last_at) for r in rows}


def _totals(metric: str = "order_completed") -> dict[str, Any]:
    people = dict(Contact.objects.values_list("pk", "external_id"))
    rows = ActivityTotal.objects.filter(metric_id=Metric.objects.get(name=metric).pk)
    return {people[r.contact_id] or "": (r.count, r.total, r.first_at, r.last_at) for r in rows}


def _whose(item: dict[str, Any]) -> str | None:
    return _owners()[UUID(item["event_id"])]


def test_anonymous_history_belongs_to_the_person_once_linked() -> None:
    before = event("order_completed", anonymous_id="a1", at=AT - HOUR, properties={"total": 7})
    take(before)
    assert (_whose(before), _rollup()) == (None, {})
    take(event("contact_identified", anonymous_id="a1", user_id="ana"))
    assert _whose(before) == "ana"
    assert _rollup() == {("ana", AT - HOUR): (1, Decimal(7), AT - HOUR, AT - HOUR)}


def test_raw_rows_stay_as_they_were_told() -> None:
    take(event(anonymous_id="a1"))
    before = RawEvent.objects.values().get()
    take(event("contact_identified", anonymous_id="a1", user_id="ana"))
    assert RawEvent.objects.filter(pk=before["id"]).values().get() == before


def test_several_devices_are_one_person() -> None:
    phone, laptop = event("order_completed", anonymous_id="phone"), event("order_completed", anonymous_id="laptop")
    take(phone, laptop)
    take(*(event(anonymous_id=device, user_id="ana", at=AT + MINUTE) for device in ("phone", "laptop")))
    assert (_whose(phone), _whose(laptop)) == ("ana", "ana")
    assert _rollup() == {("ana", AT): (2, Decimal(0), AT, AT)}


def test_on_a_shared_device_the_last_link_wins_from_its_time_on() -> None:
    first, second, third = (event(anonymous_id="tv", at=AT + n * HOUR) for n in (0, 2, 4))
    ana, ben = (event(anonymous_id="tv", user_id=who, at=AT + n * HOUR) for who, n in (("ana", 1), ("ben", 3)))
    take(ana, ben, first, second, third, at=AT + 5 * HOUR)
    assert [_whose(one) for one in (first, second, third)] == ["ana", "ana", "ben"]


def test_a_link_learnt_late_takes_back_what_was_not_theirs() -> None:
    shared = event("order_completed", anonymous_id="tv", at=AT + 2 * HOUR, properties={"total": 5})
    take(event(anonymous_id="tv", user_id="ana", at=AT), shared, at=AT + 9 * HOUR)
    assert _whose(shared) == "ana"
    take(event(anonymous_id="tv", user_id="ben", at=AT + HOUR), at=AT + 9 * HOUR)
    assert _whose(shared) == "ben"
    assert set(_rollup()) == {("ben", AT + 2 * HOUR)}


def test_an_alias_is_a_link() -> None:
    before = event(anonymous_id="old")
    take(before)
    assert statuses(event("contact_aliased", previous_id="old", user_id="ana")) == ["accepted"]
    assert _whose(before) == "ana"


def test_an_alias_never_makes_one_person_of_two_known_ones() -> None:
    take(event(user_id="ana"), event(user_id="ben"))
    [outcome] = take(event("contact_aliased", previous_id="ana", user_id="ben"))
    assert outcome.refusal and (outcome.refusal.code, outcome.refusal.pointer) == ("identity_conflict", "/previous_id")


def test_a_link_says_by_which_event() -> None:
    said = event(anonymous_id="a1", user_id="ana")
    take(said)
    link = IdentityLink.objects.get()
    assert (link.event_id, link.linked_at) == (UUID(said["event_id"]), AT)


def test_being_told_the_same_again_adds_no_link() -> None:
    take(*(event(anonymous_id="a1", user_id="ana", at=AT + n * MINUTE) for n in range(5)))
    take(*(event(anonymous_id="a1", user_id="ana", at=AT + n * HOUR) for n in range(-5, 5)), at=AT + 9 * HOUR)
    assert IdentityLink.objects.count() <= 2


people = st.sampled_from(["ana", "ben", "cleo", None])
devices = st.sampled_from(["phone", "tv", None])
stories = st.lists(
    st.builds(
        Told,
        event_id=st.uuids(version=4),
        occurred_at=st.integers(0, 600).map(lambda n: AT - 10 * HOUR + n * 20 * MINUTE / 10),
        user_id=people,
        anonymous_id=devices,
        value=st.one_of(st.none(), st.decimals(-99, 99, places=2)),
    ).filter(lambda told: told.user_id or told.anonymous_id),
    max_size=14,
)


def _item(told: Told) -> dict[str, Any]:
    return event(
        "order_completed", event_id=str(told.event_id), at=told.occurred_at, user_id=told.user_id,
        anonymous_id=told.anonymous_id, properties={} if told.value is None else {"total": float(told.value)},
    )  # fmt: skip


@settings(max_examples=50)
@given(story=stories, order=st.randoms(use_true_random=False), size=st.integers(1, 6))
def test_the_rollup_is_that_of_a_rebuilt_log(story: list[Told], order: random.Random, size: int) -> None:
    """Whatever the order, with duplicates and links: rollup, view and a rebuild say what plain Python says."""
    told = [*story, *story[:4]]
    order.shuffle(told)
    with transaction.atomic():
        for start in range(0, len(told), size):
            take(*map(_item, told[start : start + size]), at=AT + 15 * HOUR)
        meant = rollup(story)
        assert (_rollup(), _totals()) == (meant, totals(meant))
        metric = Metric.objects.get(name="order_completed")
        start_over(metric)
        while catch_up(metric, rows=3):
            pass
        assert (_rollup(), _totals()) == (meant, totals(meant))
        transaction.set_rollback(True)
