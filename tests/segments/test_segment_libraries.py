"""Segment's own libraries and addresses, unchanged, against a real server."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
import segment.analytics  # type: ignore[import-untyped]
from django.test import Client
from django.utils import timezone

from delivery.bench_tracking import web
from segments.models import Contact, EventType, IdentityLink, QuarantinedEvent, RawEvent, Source, WriteKey
from segments.services.attributes import register_attribute
from segments.services.write_keys import create_write_key
from tests.conftest import CommittedDb
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def server(committed_db: CommittedDb) -> Iterator[str]:
    with web() as port:
        yield f"http://127.0.0.1:{port}"


def _tell_everything(server: str, key: str, *, packed: bool) -> list[Any]:
    """Every call of the library; what went wrong. Its time limit is for a machine that is busy with other tests."""
    problems: list[Any] = []
    client = segment.analytics.Client(
        key, host=server, gzip=packed, max_retries=0, timeout=PATIENCE_S,
        on_error=lambda error, items: problems.append((error, items)),
    )  # fmt: skip
    client.page(anonymous_id="a1", category="Docs", name="Pricing", properties={"path": "/pricing"})
    client.identify("u1", {"email": "ana@example.test", "plan": "pro", "firstName": "Ana"}, anonymous_id="a1")
    client.track("u1", "Order Completed", {"total": 19.99, "currency": "EUR"})
    client.screen("u1", "Home", "Main", {"url": "app://home"})
    client.group("u1", "acme", {"name": "Acme"})
    client.alias("a2", "u1")
    client.flush()
    client.shutdown()
    return problems


def test_segments_python_library_works_as_it_is(server: str) -> None:
    register_attribute(name="plan", type="string")
    _, key = create_write_key(name="shop", kind=Source.SERVER)
    assert [problem for packed in (False, True) for problem in _tell_everything(server, key, packed=packed)] == []
    names = dict(EventType.objects.values_list("pk", "name"))
    assert Counter(names[row.event_type_id] for row in RawEvent.objects.all()) == dict.fromkeys(
        ("contact_aliased", "contact_identified", "group_joined", "order_completed", "page_viewed", "screen_viewed"), 2
    )
    assert not QuarantinedEvent.objects.exists()
    contact = Contact.objects.get()
    assert (contact.external_id, contact.email, contact.attributes) == ("u1", "ana@example.test", {"plan": "pro"})
    assert set(IdentityLink.objects.values_list("contact_id", flat=True)) == {contact.pk}


pytestmark_db = pytest.mark.django_db


def _post(route: str, message: Any, *, key: str = "", **headers: str) -> Any:
    return Client().post(
        f"/v1/{route}", json.dumps({**message, **({"writeKey": key} if key else {})}), content_type="text/plain",
        headers=headers,
    )  # fmt: skip


@pytestmark_db
@pytest.mark.parametrize(("route", "message", "kind"), [
    ("t", {"event": "Product Viewed", "properties": {"sku": "7"}}, "product_viewed"),
    ("p", {"properties": {"path": "/"}}, "page_viewed"),
    ("i", {"userId": "u1", "traits": {}}, "contact_identified"),
    ("s", {"name": "Home"}, "screen_viewed"),
    ("g", {"groupId": "acme"}, "group_joined"),
    ("a", {"previousId": "a0", "userId": "u1"}, "contact_aliased"),
    ("m", {"type": "track", "event": "signedUp"}, "signed_up"),
    ("b", {"batch": [{"type": "page", "anonymousId": "a1"}]}, "page_viewed"),
])  # fmt: skip
def test_short_addresses_take_a_browsers_plain_text(route: str, message: dict[str, Any], kind: str) -> None:
    _, key = create_write_key(name="site", kind=Source.BROWSER)
    response = _post(route, {"anonymousId": "a1", **message}, key=key)
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, "*")
    assert response.json()["accepted"] == 1
    assert EventType.objects.get(pk=RawEvent.objects.get().event_type_id).name == kind


@pytestmark_db
def test_a_message_id_that_is_no_uuid_is_mapped_the_same_way_each_time() -> None:
    key, text = create_write_key(name="site", kind=Source.BROWSER)
    message = {"anonymousId": "a1", "messageId": "ajs-next-1-2-3", "properties": {}}
    said = [_post("p", message, key=text).json()["results"][0]["status"] for _ in range(2)]
    assert said == ["accepted", "duplicate"]
    assert RawEvent.objects.get().event_id == uuid5(NAMESPACE_URL, f"write-key-{key.pk}/ajs-next-1-2-3")
    own = "6B29FC40-CA47-1067-B31D-00DD010662DA"
    _post("p", {**message, "messageId": own}, key=text)
    assert RawEvent.objects.filter(event_id=UUID(own)).exists()


@pytestmark_db
def test_a_batch_is_corrected_by_when_it_was_sent() -> None:
    _, key = create_write_key(name="site", kind=Source.BROWSER)
    late = timezone.now() - timedelta(days=2)
    message = {"type": "page", "anonymousId": "a1", "timestamp": (late - timedelta(minutes=1)).isoformat()}
    _post("batch", {"batch": [message], "sentAt": late.isoformat()}, key=key)
    row = RawEvent.objects.get()
    assert abs(row.received_at - row.occurred_at - timedelta(minutes=1)) < timedelta(seconds=1)
    assert isinstance(row.claimed_at, datetime)


@pytestmark_db
def test_the_context_keeps_where_somebody_came_from_and_nothing_of_the_person() -> None:
    _, key = create_write_key(name="site", kind=Source.BROWSER)
    context = {
        "ip": "198.51.100.7", "userAgent": "Mozilla", "locale": "en", "campaign": {"source": "news", "x": "y"},
        "page": {"path": "/"}, "traits": {"email": "ana@example.test"},
    }  # fmt: skip
    _post("t", {"anonymousId": "a1", "event": "Signed In", "context": context}, key=key)
    assert RawEvent.objects.get().context == {"campaign": {"source": "news"}, "page": {"path": "/"}}


@pytestmark_db
def test_a_key_of_another_site_is_refused_there() -> None:
    _, key = create_write_key(name="site", kind=Source.BROWSER, origins=["https://shop.example"])
    message = {"anonymousId": "a1"}
    assert _post("p", message, key=key, Origin="https://shop.example").status_code == 200
    refused = _post("p", message, key=key, Origin="https://evil.example")
    assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")


@pytestmark_db
@pytest.mark.parametrize("key", ["", "pw_nobodys"])
def test_without_a_key_nothing_is_taken(key: str) -> None:
    response = _post("p", {"anonymousId": "a1"}, key=key)
    assert (response.status_code, response.json()["code"]) == (401, "unknown_write_key")
    assert not RawEvent.objects.exists() and not QuarantinedEvent.objects.exists()


@pytestmark_db
def test_any_page_may_ask_beforehand() -> None:
    response = Client().options("/v1/t", headers={"Origin": "https://shop.example"})
    assert response.status_code == 204
    assert "authorization" in response["Access-Control-Allow-Headers"]
    assert Client().get("/v1/t").status_code == 405


@pytestmark_db
def test_segments_browser_library_is_told_to_send_everything_to_us() -> None:
    _, key = create_write_key(name="site", kind=Source.BROWSER)
    said = Client().get(f"/v1/projects/{key}/settings")
    ours = said.json()["integrations"]
    assert list(ours) == ["Segment.io"]
    assert (ours["Segment.io"]["apiKey"], ours["Segment.io"]["apiHost"]) == (key, "testserver/v1")
    assert said["Access-Control-Allow-Origin"] == "*"
    assert Client().get("/v1/projects/pw_nobodys/settings").status_code == 401


@pytestmark_db
def test_the_use_of_a_key_is_noted() -> None:
    _, key = create_write_key(name="site", kind=Source.BROWSER)
    _post("p", {"anonymousId": "a1"}, key=key)
    assert WriteKey.objects.get().last_used_at
