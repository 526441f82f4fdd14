"""What was not let in is repaired: as it is, by a wider schema, or dropped; with its event_id."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.lib.errors import DomainError
from segments.errors import NotRepairable
from segments.events.schemas import CompiledSchema
from segments.events.widening import widened
from segments.models import Activity, EventType, QuarantinedEvent, RawEvent
from segments.services.attributes import register_attribute
from segments.services.quarantine import forget
from segments.services.repairs import accept, drop, replay
from tests.factories.api import caller
from tests.factories.events import AT, BROWSER, event, ident, statuses, take

pytestmark = pytest.mark.django_db
State = QuarantinedEvent.State
LATER = AT + timedelta(days=3)


def _refused(*items: dict[str, Any], **options: Any) -> QuarantinedEvent:
    take(*items, **options)
    return QuarantinedEvent.objects.latest("pk")


def test_an_unknown_property_is_accepted_as_a_new_version() -> None:
    item = event("product_viewed", user_id="u1", properties={"sku": "7", "colour": "red"})
    kept = accept(_refused(item, sender=BROWSER), by=None, at=LATER)
    row = RawEvent.objects.get()
    assert (kept.state, kept.sealed) == (State.REPLAYED, None)
    assert (row.event_id, row.received_at, row.occurred_at, row.source) == (ident(item), AT, AT, "browser")
    kind = EventType.objects.get(name="product_viewed")
    assert kind.current and (kind.current.number, row.version_id) == (2, kind.current.pk)
    assert statuses(event("product_viewed", user_id="u1", properties={"colour": "blue"})) == ["accepted"]
    assert statuses(event("product_viewed", user_id="u1", properties={"colour": 7})) == ["quarantined"]


def test_an_unknown_type_is_accepted_as_a_new_one_and_counted() -> None:
    item = event("demo_requested", user_id="u1", properties={"seats": 5})
    assert accept(_refused(item), by=None, at=LATER).state == State.REPLAYED
    assert Activity.objects.get().count == 1
    assert statuses(item) == ["duplicate"]


def test_a_value_that_breaks_a_limit_is_accepted_by_lifting_it() -> None:
    item = event("product_viewed", user_id="u1", properties={"sku": "7" * 3000})
    assert accept(_refused(item), by=None, at=LATER).state == State.REPLAYED


@pytest.mark.parametrize("fields", [{"timestamp": "1900-01-01T00:00:00Z"}, {"event_type": "Nö"}, {"shoe": 1}])
def test_what_no_schema_can_let_in_is_not_repairable_and_nothing_changes(fields: dict[str, Any]) -> None:
    kept = _refused({**event("page_viewed", user_id="u1", properties={"new": 1}), **fields})
    before = EventType.objects.count()
    with pytest.raises(DomainError):
        accept(kept, by=None, at=LATER)
    assert EventType.objects.count() == before
    assert EventType.objects.get(name="page_viewed").versions.count() == 1
    kept.refresh_from_db()
    assert (kept.state, kept.sealed is None) == (State.WAITING, False)


def test_replayed_it_is_judged_by_the_registry_as_it_is_now() -> None:
    kept = _refused(event("contact_identified", user_id="u1", traits={"shoe_size": 42}))
    assert replay(kept, at=LATER).state == State.WAITING
    register_attribute(name="shoe_size", type="number")
    assert replay(kept, at=LATER).state == State.REPLAYED
    assert QuarantinedEvent.objects.count() == RawEvent.objects.count() == 1


def test_still_refused_it_says_what_is_wrong_now() -> None:
    kept = _refused(event("contact_identified", user_id="u1", traits={"a": 1, "b": 2}))
    register_attribute(name="a", type="number")
    assert replay(kept, at=LATER).pointer == "/traits/b"


def test_what_its_sender_mended_meanwhile_stays_one_event() -> None:
    item = event("product_viewed", user_id="u1", properties={"colour": "red"})
    kept = _refused(item)
    assert statuses({**item, "properties": {}}) == ["accepted"]
    assert accept(kept, by=None, at=LATER).state == State.REPLAYED
    assert RawEvent.objects.count() == 1


def test_dropped_it_keeps_nothing_of_what_it_said() -> None:
    kept = _refused(event("demo_requested"))
    assert drop([kept], at=LATER) == 1
    kept.refresh_from_db()
    assert (kept.state, kept.sealed) == (State.DROPPED, None)
    with pytest.raises(NotRepairable):
        replay(kept, at=LATER)


def test_what_nobody_repaired_in_time_is_forgotten() -> None:
    take(event("demo_requested"))
    take(event("demo_requested"), at=LATER)
    assert forget(before=AT + timedelta(days=1)) == 1
    assert QuarantinedEvent.objects.get().received_at == LATER


@pytest.mark.parametrize(("schema", "properties", "lets_in"), [
    (None, {"a": 1, "b": None, "c": [], "d": {}, "e": True}, {"a": 2.5, "c": [1], "d": {"x": 1}, "e": False}),
    ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "b"]}, {"a": 1}, {"a": "x"}),
])  # fmt: skip
def test_a_widened_schema_lets_in_what_it_was_widened_for(schema: Any, properties: Any, lets_in: Any) -> None:
    wide = CompiledSchema(widened(schema, properties))
    wide.check(properties)
    wide.check(lets_in)


def test_through_the_api_it_is_shown_without_what_it_said_and_repaired() -> None:
    take(event("demo_requested", user_id="ana@example.test", properties={"seats": 5}), at=timezone.now())
    program = caller("author")
    [shown] = program.get("events/quarantine").json()["results"]
    assert shown["error"]["code"] == "unknown_type" and "ana@" not in str(shown) and "sealed" not in shown
    answer = program.post(f"events/quarantine/{shown['quarantined_id']}/accept")
    assert (answer.status_code, answer.json()["state"]) == (200, "replayed")
    assert program.get("event-types/demo_requested").json()["version"] == 1
    assert program.get("events/quarantine").json()["results"] == []
    again = program.post(f"events/quarantine/{shown['quarantined_id']}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "not_repairable")
