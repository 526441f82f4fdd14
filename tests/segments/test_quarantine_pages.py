"""The quarantine, as somebody repairs it: what will happen first, then a whole group at once."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from compliance.models import AuditEntry
from segments import tasks
from segments.models import Activity, EventType, QuarantinedEvent, RawEvent
from segments.selectors.quarantine import groups
from segments.services import repairs
from segments.views.quarantine import in_words
from tests.factories import api
from tests.factories.events import event, ident, take

pytestmark = pytest.mark.django_db
PLACE = "/audience/events/quarantine"
COLOUR = ("product_viewed", "unknown_property", "/properties/colour")


def group_url(event_type: str, code: str, at: str) -> str:
    return f"{PLACE}/group?{urlencode({'type': event_type, 'code': code, 'at': at})}"


def viewed(**properties: Any) -> dict[str, Any]:
    return event("product_viewed", user_id="u1", properties=properties)


def test_what_waits_is_told_in_groups_of_the_same_reason(admin_client: Client) -> None:
    take(viewed(sku="7", colour="red"), viewed(sku="8", colour="blue"), event("demo_requested", user_id="u1"))
    page = admin_client.get(PLACE).content.decode()
    assert "The property “colour” is not registered" in page
    assert "The event type is not registered" in page
    assert [(one.number, one.code) for one in groups()] == [(2, "unknown_property"), (1, "unknown_type")]


def test_a_group_is_let_in_by_one_new_version_after_it_was_shown(admin_client: Client) -> None:
    items = [viewed(sku="7", colour="crimson"), viewed(sku="8", colour=4)]
    take(*items)
    url = group_url(*COLOUR)
    page = admin_client.get(url).content.decode()
    assert "gets a new version" in page
    assert "null, number, string" in page
    assert "crimson" not in page
    assert EventType.objects.get(name="product_viewed").versions.count() == 1
    done = admin_client.post(url, {"do": "accept"}, follow=True).content.decode()
    assert "2 events are let in." in done
    assert EventType.objects.get(name="product_viewed").versions.count() == 2
    assert set(RawEvent.objects.values_list("event_id", flat=True)) == {ident(one) for one in items}
    assert sum(Activity.objects.values_list("count", flat=True)) == 2
    entry = AuditEntry.objects.get(action="quarantine_accept")
    assert entry.changes["number"] == 2


def test_a_type_that_is_not_known_becomes_one(admin_client: Client) -> None:
    take(event("demo_requested", user_id="u1", properties={"seats": 5}))
    url = group_url("demo_requested", "unknown_type", "/event_type")
    assert "becomes an event type" in admin_client.get(url).content.decode()
    admin_client.post(url, {"do": "accept"})
    assert RawEvent.objects.count() == 1


def test_what_was_mended_and_sent_again_meanwhile_is_not_counted_twice(admin_client: Client) -> None:
    item = viewed(sku="7", colour="red")
    take(item)
    take({**item, "properties": {"sku": "7"}})
    admin_client.post(group_url(*COLOUR), {"do": "accept"})
    assert (RawEvent.objects.count(), sum(Activity.objects.values_list("count", flat=True))) == (1, 1)
    assert not groups()


def test_a_group_is_dropped_with_what_it_said(admin_client: Client) -> None:
    take(viewed(colour="red"), viewed(colour="blue"))
    assert (
        "2 events are dropped." in admin_client.post(group_url(*COLOUR), {"do": "drop"}, follow=True).content.decode()
    )
    assert set(QuarantinedEvent.objects.values_list("state", "sealed")) == {("dropped", None)}
    assert admin_client.get(group_url(*COLOUR)).status_code == 404


def test_what_no_schema_lets_in_is_offered_to_be_dropped_only(admin_client: Client) -> None:
    take({**viewed(), "timestamp": "1900-01-01T00:00:00Z"})
    [group] = groups()
    url = group_url(group.event_type, group.code, group.pointer)
    page = admin_client.get(url).content.decode()
    assert "before the year 2000" in page
    assert "Its sender has to mend it" in page
    assert 'value="accept"' not in page
    admin_client.post(url, {"do": "accept"})
    assert QuarantinedEvent.objects.get().state == "waiting"


def test_of_very_many_a_worker_takes_care_and_what_does_not_fit_waits_on(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(*(viewed(colour="red", number=n) for n in range(3)))
    repairs.ask(QuarantinedEvent.objects.all(), QuarantinedEvent.Asked.REPLAY, by=None)
    assert "3 events are being looked at again." in admin_client.get(PLACE).content.decode()
    tasks.repair_events()
    assert (repairs.waiting_for_workers(), QuarantinedEvent.objects.filter(state="waiting").count()) == (0, 3)
    assert repairs.carry_out_asked(at=timezone.now(), seconds=1) == 0


def test_viewers_look_and_do_nothing(client: Client) -> None:
    take(viewed(colour="red"))
    client.force_login(api.person("viewer"))
    page = client.get(group_url(*COLOUR)).content.decode()
    assert "Somebody who may register event types" in page
    assert client.post(group_url(*COLOUR), {"do": "drop"}).status_code == 403
    assert QuarantinedEvent.objects.get().state == "waiting"


@pytest.mark.parametrize(
    ("code", "pointer", "words"),
    [
        ("wrong_type", "/properties/a~1b/c", "The property “a/b.c” is of another type"),
        ("wrong_type", "/user_id", "“user_id” is of another type than it must be"),
        ("unknown", "/traits/plan", "The attribute “plan” is not registered"),
        ("something_new", "/x", "Something new: /x"),
    ],
)
def test_a_place_is_said_in_words(code: str, pointer: str, words: str) -> None:
    assert in_words(code, pointer) == words
