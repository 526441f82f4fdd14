"""Events in: once each, in one transaction, in whatever order they come."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from segments.doorbells import DOORBELLS, Arrival, EventDoorbell
from segments.models import Activity, Contact, EventKey, QuarantinedEvent, RawEvent, Source
from tests.factories.events import AT, BROWSER, event, ident, statuses, take

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def _activity(kind: str = "page_viewed") -> list[tuple[Any, ...]]:
    rows = Activity.objects.extra(
        tables=["segments_metric"],
        where=["segments_metric.id = segments_activity.metric_id", "segments_metric.name = %s"],
        params=[kind],
    )
    return list(rows.order_by("contact_id", "hour").values_list("contact_id", "hour", "count", "first_at", "last_at"))


def test_an_event_is_logged_keyed_and_counted() -> None:
    one = event(user_id="u1", anonymous_id="a1", session_id="s1", properties={"path": "/pricing"})
    assert statuses(one) == ["accepted"]
    row = RawEvent.objects.get()
    contact = Contact.objects.get(external_id="u1")
    assert (row.event_id, row.contact_id, row.session_id) == (ident(one), contact.pk, "s1")
    assert (row.occurred_at, row.received_at, row.claimed_at, row.is_early) == (AT, AT, None, False)
    assert row.properties == {"path": "/pricing"}
    assert EventKey.objects.get().event_id == ident(one)
    assert _activity() == [(contact.pk, AT, 1, AT, AT)]


def test_a_duplicate_is_success_and_changes_nothing() -> None:
    one = event(user_id="u1")
    other = {**one, "properties": {"path": "/other"}, "timestamp": (AT - HOUR).isoformat()}
    assert statuses(one, one) == ["accepted", "duplicate"]
    before = _activity()
    assert statuses(other, at=AT + 9 * HOUR) == ["duplicate"]
    assert _activity() == before
    assert RawEvent.objects.count() == EventKey.objects.count() == 1


def test_a_duplicate_identify_does_not_bring_back_old_traits() -> None:
    first = event("contact_identified", user_id="u1", traits={"first_name": "Ana"})
    take(first)
    take(event("contact_identified", user_id="u1", traits={"first_name": "Anna"}))
    assert statuses(first) == ["duplicate"]
    assert Contact.objects.get().first_name == "Anna"


@pytest.mark.parametrize("spell", [
    str.upper, lambda text: text.replace("-", ""), lambda text: f"{{{text}}}", lambda text: f"urn:uuid:{text}",
])  # fmt: skip
def test_a_uuid_is_one_in_every_spelling(spell: Any) -> None:
    one = event(user_id="u1")
    assert statuses(one, {**one, "event_id": spell(one["event_id"])}) == ["accepted", "duplicate"]


def test_late_and_early_events_are_counted_when_they_happened() -> None:
    take(event(user_id="u1", at=AT + timedelta(minutes=4)), event(user_id="u1", at=AT - 30 * HOUR))
    contact = Contact.objects.get().pk
    late, soon = AT - 30 * HOUR, AT + timedelta(minutes=4)
    assert _activity() == [(contact, late, 1, late, late), (contact, AT, 1, soon, soon)]


def test_a_clock_that_is_off_is_corrected_and_both_times_are_kept() -> None:
    off = timedelta(hours=3)
    take(event(user_id="u1", at=AT + off - timedelta(minutes=1), sent_at=(AT + off).isoformat()))
    row = RawEvent.objects.get()
    assert (row.occurred_at, row.claimed_at) == (AT - timedelta(minutes=1), AT + off - timedelta(minutes=1))
    assert not row.is_early


def test_what_claims_the_future_happened_when_it_came_and_is_flagged() -> None:
    take(event(user_id="u1", at=AT + timedelta(minutes=6)))
    row = RawEvent.objects.get()
    assert (row.is_early, row.occurred_at, row.claimed_at) == (True, AT, AT + timedelta(minutes=6))


def test_out_of_order_events_give_the_same_first_and_last() -> None:
    minutes = [30, 5, 50, 10]
    take(*(event(user_id="u1", at=AT + timedelta(minutes=n)) for n in minutes[:2]), at=AT + HOUR)
    take(*(event(user_id="u1", at=AT + timedelta(minutes=n)) for n in minutes[2:]), at=AT + HOUR)
    [(_, hour, count, first, last)] = _activity()
    assert (hour, count, first, last) == (AT, 4, AT + timedelta(minutes=5), AT + timedelta(minutes=50))


def test_values_add_up_exactly() -> None:
    take(*(event("order_completed", user_id="u1", properties={"total": 0.1}) for _ in range(10)))
    take(event("order_completed", user_id="u1", properties={"order_id": "x"}))
    totals = {row.count: row.total for row in Activity.objects.all()}
    assert totals == {11: Decimal(1)}


def test_the_log_says_who_told_it() -> None:
    take(event(user_id="u1"))
    take(event(user_id="u1"), sender=BROWSER)
    assert list(RawEvent.objects.order_by("pk").values_list("source", flat=True)) == [Source.SERVER, Source.BROWSER]


def test_one_bad_item_does_not_harm_its_batch() -> None:
    bad = event("never_heard_of", user_id="u2")
    outcomes = take(event(user_id="u1"), bad, event(user_id="u3"))
    assert [one.status for one in outcomes] == ["accepted", "quarantined", "accepted"]
    refusal = outcomes[1].refusal
    assert refusal and (refusal.code, refusal.pointer) == ("unknown_type", "/event_type")
    assert not Contact.objects.filter(external_id="u2").exists()
    assert QuarantinedEvent.objects.get().event_id == ident(bad)
    assert EventKey.objects.count() == 2


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"event_id": "17"}, "invalid_id", "/event_id"),
    ({"event_id": None}, "invalid_id", "/event_id"),
    ({"event_type": None}, "wrong_type", "/event_type"),
    ({"properties": []}, "accepted", ""),
    ({"properties": [1]}, "wrong_type", "/properties"),
    ({"properties": {"path": 7}}, "wrong_type", "/properties/path"),
    ({"properties": {"a/b~c": 7}}, "unknown_property", "/properties/a~1b~0c"),
    ({"properties": {"__proto__": {"admin": True}}}, "unknown_property", "/properties/__proto__"),
    ({"__proto__": {"admin": True}}, "unknown_field", "/__proto__"),
    ({"properties": {"path": "a\x00b"}}, "invalid_text", "/properties/path"),
    ({"properties": {"path": "x" * 40_000}}, "too_large", ""),
    ({"properties": {"path": json.loads("[" * 30 + "]" * 30)}}, "too_deep", "/properties/path" + "/0" * 19),
    ({"timestamp": "9999-12-31T23:59:59Z"}, "out_of_range", "/timestamp"),
    ({"timestamp": "9999-12-31T23:59:59-12:00"}, "invalid_time", "/timestamp"),
    ({"timestamp": "1900-01-01T00:00:00Z"}, "out_of_range", "/timestamp"),
    ({"timestamp": "0001-01-01T00:00:00+14:00"}, "invalid_time", "/timestamp"),
    ({"timestamp": "yesterday"}, "invalid_time", "/timestamp"),
    ({"timestamp": 1777636800}, "invalid_time", "/timestamp"),
    ({"sent_at": "9998-01-01T00:00:00Z"}, "out_of_range", "/sent_at"),
    ({"sent_at": "2500-01-01T00:00:00Z"}, "out_of_range", "/timestamp"),
    ({"user_id": ["u1"]}, "wrong_type", "/user_id"),
    ({"user_id": "x" * 300}, "invalid_id", "/user_id"),
    ({"anonymous_id": "", "user_id": None}, "missing_field", "/anonymous_id"),
    ({"traits": {"first_name": "Ana"}}, "unknown_field", "/traits"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "code", "pointer"), BAD)
def test_what_is_wrong_is_quarantined_with_its_pointer(fields: dict[str, Any], code: str, pointer: str) -> None:
    [outcome] = take({**event(), **fields})
    if code == "accepted":
        assert outcome.status == "accepted"
        return
    kept = QuarantinedEvent.objects.get()
    assert (outcome.status, kept.code, kept.pointer) == ("quarantined", code, pointer)
    assert not RawEvent.objects.exists() and not EventKey.objects.exists()


@pytest.mark.parametrize("item", [None, 7, "text", [], True])
def test_what_is_no_object_is_quarantined(item: Any) -> None:
    assert statuses(item) == ["quarantined"]


def test_quarantine_repeats_nothing_of_what_was_said() -> None:
    take(event(user_id="ana@example.test", properties={"email": "ana@example.test"}))
    take(event("contact_identified", user_id="u9", traits={"shoe": "ana@example.test"}))
    row = QuarantinedEvent.objects.values
    assert "ana@" not in str(list(row())) and b"ana@" not in b"".join(
        bytes(one.sealed or b"") for one in _quarantined()
    )


def _quarantined() -> list[QuarantinedEvent]:
    return list(QuarantinedEvent.objects.all())


def test_a_bad_event_sent_again_is_kept_once() -> None:
    bad = event("never_heard_of")
    take(bad)
    take(bad)
    assert QuarantinedEvent.objects.count() == 1


def test_unknown_traits_are_never_dropped_silently() -> None:
    [outcome] = take(event("contact_identified", user_id="u1", traits={"shoe_size": 42}))
    assert outcome.refusal and (outcome.refusal.code, outcome.refusal.pointer) == ("unknown", "/traits/shoe_size")
    assert not Contact.objects.exists()


def test_traits_go_to_the_contact_and_never_into_the_log() -> None:
    take(event("contact_identified", user_id="u1", traits={"firstName": "Ana", "email": "Ana@Example.test"}))
    contact = Contact.objects.get()
    assert (contact.external_id, contact.first_name, contact.email) == ("u1", "Ana", "ana@example.test")
    assert "ana" not in str(RawEvent.objects.values().get()).lower()


def test_a_browser_fills_in_and_overwrites_nothing() -> None:
    take(event("contact_identified", user_id="u1", traits={"email": "ana@example.test", "last_name": "A"}))
    said = {"email": "eve@example.test", "last_name": "E", "first_name": "Eve"}
    assert statuses(event("contact_identified", user_id="u1", traits=said), sender=BROWSER) == ["accepted"]
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name, contact.last_name) == ("ana@example.test", "Eve", "A")


def test_an_address_of_somebody_else_is_a_conflict_not_a_guess() -> None:
    take(event("contact_identified", user_id="u1", traits={"email": "ana@example.test"}))
    [outcome] = take(event("contact_identified", user_id="u2", traits={"email": "ana@example.test"}))
    assert outcome.refusal and (outcome.refusal.code, outcome.refusal.pointer) == ("identity_conflict", "/traits")


def test_early_flag_is_for_claims_only() -> None:
    take({**event(user_id="u1"), "timestamp": None})
    row = RawEvent.objects.get()
    assert (row.occurred_at, row.claimed_at, row.is_early) == (AT, None, False)


def test_a_batch_counts_each_person_by_itself() -> None:
    take(*(event(user_id=f"u{n % 3}", event_id=str(uuid4())) for n in range(9)))
    assert [row[2] for row in _activity()] == [3, 3, 3]


class _Bell(EventDoorbell):
    kind = "of a test"
    rung: ClassVar[list[Arrival]] = []

    def ring(self, arrival: Arrival) -> None:
        self.rung.append(arrival)
        raise ValueError("a bell that breaks harms nobody")


def test_doorbells_ring_after_the_commit_for_what_is_new(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setitem(DOORBELLS.__dict__, "_by_kind", {_Bell.kind: _Bell})
    one = event(user_id="u1")
    with django_capture_on_commit_callbacks(execute=True):
        take(one, event("never_heard_of"))
        assert _Bell.rung == []
    with django_capture_on_commit_callbacks(execute=True):
        take(one)
    [arrival] = _Bell.rung
    assert arrival.event_types == frozenset({"page_viewed"})
    assert arrival.contact_ids == frozenset({Contact.objects.get().pk})
    assert arrival.raw_event_ids == (RawEvent.objects.get().pk,)
