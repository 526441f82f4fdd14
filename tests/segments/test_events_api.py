"""POST /api/v1/events: per-item answers, keys, limits, bad input."""

import base64
import gzip
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from segments.models import QuarantinedEvent, RawEvent, Source, WriteKey
from segments.services.write_keys import create_write_key, revoke_write_key
from tests.factories.api import caller

pytestmark = pytest.mark.django_db
PATH = "/api/v1/events"


def _event(**fields: Any) -> dict[str, Any]:
    return {"event_id": str(uuid4()), "event_type": "page_viewed", "anonymous_id": "a1", **fields}


def _key(kind: Source = Source.SERVER, **options: Any) -> str:
    return create_write_key(name="test", kind=kind, **options)[1]


def _send(body: Any, key: str = "", **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body)
    sent = headers if "Authorization" in headers else {"Authorization": f"Bearer {key or _key()}", **headers}
    return Client().post(PATH, data, content_type="application/json", headers=sent)


def test_a_single_event_is_accepted() -> None:
    one = _event()
    response = _send(one)
    assert response.status_code == 202
    assert response.json() == {
        "accepted": 1, "duplicates": 0, "quarantined": 0,
        "results": [{"event_id": one["event_id"], "status": "accepted"}],
    }  # fmt: skip


@pytest.mark.parametrize("wrap", [lambda items: items, lambda items: {"batch": items}, lambda items: {"events": items}])
def test_a_batch_is_answered_item_by_item(wrap: Any) -> None:
    good, bad = _event(), _event(properties={"path": 7})
    said = _send(wrap([good, bad, good])).json()
    assert [one["status"] for one in said["results"]] == ["accepted", "quarantined", "duplicate"]
    assert said["results"][1]["errors"] == [
        {"pointer": "/properties/path", "code": "wrong_type", "detail": "must be null or string"}
    ]


def test_a_program_with_the_scope_may_send() -> None:
    assert caller("author").post("events", _event()).status_code == 202
    assert caller("viewer").post("events", _event()).status_code == 403
    assert RawEvent.objects.get().source == Source.SERVER


@pytest.mark.parametrize("header", ["Bearer {0}", "Basic {1}"])
def test_a_write_key_opens_by_bearer_and_basic(header: str) -> None:
    key = _key(Source.BROWSER)
    basic = base64.b64encode(f"{key}:".encode()).decode()
    assert _send(_event(), Authorization=header.format(key, basic)).status_code == 202
    row = RawEvent.objects.get()
    assert (row.source, row.write_key_id) == (Source.BROWSER, WriteKey.objects.get().pk)


def test_a_write_key_opens_nothing_else() -> None:
    for path in ("/api/v1/contacts", "/api/v1/event-types", "/api/v1/events/quarantine"):
        assert Client().get(path, headers={"Authorization": f"Bearer {_key()}"}).status_code == 401


def test_a_revoked_key_opens_nothing() -> None:
    key, text = create_write_key(name="test", kind=Source.SERVER)
    revoke_write_key(key, at=timezone.now())
    response = _send(_event(), text)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_only_the_hash_of_a_write_key_is_kept() -> None:
    text = _key()
    assert text not in str(WriteKey.objects.values().get())


def test_a_key_that_sends_too_much_is_told_when_to_come_back() -> None:
    key = _key(rate_per_minute=3)
    assert _send([_event() for _ in range(3)], key).status_code == 202
    response = _send(_event(), key)
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert RawEvent.objects.count() == 3


def test_gzip_is_unpacked_and_a_bomb_is_not() -> None:
    packed = {"Content-Encoding": "gzip"}
    assert _send(gzip.compress(json.dumps(_event()).encode()), **packed).status_code == 202
    assert _send(gzip.compress(b" " * 50_000_000), **packed).status_code == 413


def test_an_event_of_a_megabyte_is_told_to_be_too_large() -> None:
    response = _send(_event(properties={"path": "x" * 1_000_000}))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


RUIN = {
    "nan": b'{"event_id": NaN}',
    "utf-8": b'{"event_type": "page\xff_viewed"}',
    "deep": b'{"properties": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "surrogate": b'{"event_type": "\\ud800"}',
    "huge": b'{"event_type": 1e999}',
    "cut": b'{"event_type": "page',
    "nothing": b"",
}


@pytest.mark.parametrize("name", [one for one in RUIN if one not in ("cut", "nothing")])
def test_what_is_no_json_is_cut_out_of_its_batch(name: str) -> None:
    before, after = json.dumps(_event()).encode(), json.dumps(_event(properties={"path": '",]["'})).encode()
    response = _send(b'{"sentAt": null, "batch": [%s, %s ,%s]}' % (before, RUIN[name], after))
    assert [one["status"] for one in response.json()["results"]] == ["accepted", "quarantined", "accepted"]
    kept = QuarantinedEvent.objects.get()
    assert (kept.code, kept.size) == ("malformed", len(RUIN[name]))


@pytest.mark.parametrize("name", RUIN)
def test_a_body_that_is_no_json_is_refused_and_kept(name: str) -> None:
    response = _send(RUIN[name])
    assert (response.status_code, response.json()["code"]) == (400, "malformed")
    kept = QuarantinedEvent.objects.get()
    assert (kept.code, kept.size) == ("malformed", len(RUIN[name]))


def test_strings_without_end_take_no_time() -> None:
    """Quadratic, this would take minutes."""
    assert _send(b"[" + rb"\"" * 240_000).status_code == 400


def test_an_empty_batch_is_no_mistake() -> None:
    assert _send([]).json() == {"accepted": 0, "duplicates": 0, "quarantined": 0, "results": []}
