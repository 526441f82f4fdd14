"""Bad input through the real entrances, over HTTP: each with a clear error, and nothing lost."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from config.lib import public_ids
from delivery import ledger, pipeline
from delivery.accounts import close_all
from delivery.models import Message, ProviderAccount
from delivery.selectors.ledger import waterfall
from segments.models import Activity, Contact, EventType, QuarantinedEvent, RawEvent, Segment
from segments.services.attributes import register_attribute
from segments.services.merging import merge_contacts
from tests.factories.api import Caller, caller
from tests.factories.delivery import make_contacts, make_order, plan
from tests.factories.segments import contact
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db
DROP = "'); DROP TABLE segments_contact; --"
SQL = [DROP, "' OR 1=1 --", "%s %(x)s {} \\", "\u2019; SELECT pg_sleep(9)", '"] || true || ["']


@pytest.fixture
def program() -> Caller:
    return caller("author")


def event(**fields: Any) -> dict[str, Any]:
    return {"event_id": str(uuid4()), "event_type": "page_viewed", "user_id": "u1", **fields}


def told(program: Caller, *items: Any) -> list[dict[str, Any]]:
    answer = program.post("events", {"batch": list(items)})
    assert answer.status_code == 202, answer.content
    return list(answer.json()["results"])


def raw(program: Caller, path: str, body: bytes) -> Any:
    headers = {"Authorization": f"Bearer {program.text}"}
    return program.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


# events


def test_an_event_of_a_megabyte_is_refused_and_one_too_large_is_kept(program: Caller) -> None:
    assert raw(program, "events", json.dumps(event(properties={"path": "x" * 1_000_000})).encode()).status_code == 413
    good, large = event(), event(properties={"path": "x" * 100_000})
    first, second = told(program, good, large)
    assert (first["status"], second["status"], second["errors"][0]["code"]) == ("accepted", "quarantined", "too_large")
    assert QuarantinedEvent.objects.get().size > 100_000


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b'{"properties":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}", "malformed"),
        (b'{"event_type": "page\xffviewed"}', "malformed"),
        (b'{"event_id": NaN}', "malformed"),
        (b'{"event_type": "page_viewed", "properties": ' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
    ],
)
def test_what_cannot_be_read_is_kept_and_its_neighbours_come_in(program: Caller, broken: bytes, code: str) -> None:
    good = json.dumps(event()).encode()
    answer = raw(program, "events", b"[" + good + b"," + broken + b"]")
    assert [one["status"] for one in answer.json()["results"]] == ["accepted", "quarantined"]
    assert answer.json()["results"][1]["errors"][0]["code"] == code
    kept = QuarantinedEvent.objects.get()
    assert kept.code == code
    assert kept.sealed


@pytest.mark.parametrize(
    "when", ["9999-12-31T23:59:59Z", "1900-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "+275760-09-13"]
)
def test_times_that_cannot_be_are_kept_with_their_place(program: Caller, when: str) -> None:
    [one] = told(program, event(timestamp=when))
    assert one["errors"][0]["pointer"] == "/timestamp"
    assert one["errors"][0]["code"] in ("out_of_range", "invalid_time")
    [sent] = told(program, event(timestamp="2026-05-01T10:00:00Z", sent_at=when))
    assert sent["errors"][0]["pointer"] in ("/sent_at", "/timestamp")
    assert QuarantinedEvent.objects.count() == 2


def test_a_uuid_is_one_event_in_every_spelling(program: Caller) -> None:
    ident = uuid4()
    spelt = [str(ident), str(ident).upper(), ident.hex, ident.urn, "{" + str(ident) + "}"]
    results = told(program, *(event(event_id=one) for one in spelt))
    assert [one["status"] for one in results] == ["accepted", *["duplicate"] * 4]
    assert {one["event_id"] for one in results} == {str(ident)}
    wrong = told(program, *(event(event_id=one) for one in ("", "1234", 7, None, [str(ident)], f"{ident}0", "zz" * 16)))
    assert {one["errors"][0]["pointer"] for one in wrong} == {"/event_id"}


@pytest.mark.parametrize("name", ["__proto__", "constructor", "$where", DROP])
def test_a_property_of_any_name_is_a_name_and_nothing_else(program: Caller, name: str) -> None:
    [one] = told(program, event(properties={"path": "/a", name: {"polluted": True}}))
    assert one["errors"][0]["code"] == "unknown_property"
    assert one["errors"][0]["pointer"] == f"/properties/{name}"
    kept = public_ids.encode("quarantined_event", QuarantinedEvent.objects.get().pk)
    accepted = program.post(f"events/quarantine/{kept}/accept")
    if name == DROP:  # no name that a schema may have; it stays where it is
        assert (accepted.status_code, QuarantinedEvent.objects.get().state) == (422, "waiting")
        return
    assert accepted.json()["state"] == "replayed"
    assert RawEvent.objects.get().properties == {"path": "/a", name: {"polluted": True}}


@pytest.mark.parametrize("text", SQL)
def test_values_that_try_to_be_sql_are_values(program: Caller, text: str) -> None:
    register_attribute(name="note", type="string")
    item = event(user_id=text, session_id=text, properties={"path": text})
    assert told(program, item)[0]["status"] == "accepted"
    assert (RawEvent.objects.get().properties["path"], Contact.objects.get().external_id) == (text, text)
    made = program.post(
        "contacts/batch", {"contacts": [{"external_id": text, "first_name": text[:90], "attributes": {"note": text}}]}
    )
    assert made.json()["counts"] == {"changed": 1}
    for field in ("external_id", "attributes.note"):
        rule = {"logic": "AND", "conditions": [{"field": field, "operator": "equals", "value": text}]}
        assert program.post("segments/estimate", {"criteria": rule}).json()["estimated_size"] == 1
    contains = {"logic": "AND", "conditions": [{"field": "attributes.note", "operator": "contains", "value": text}]}
    assert program.post("segments/estimate", {"criteria": contains}).json()["estimated_size"] == 1
    assert Activity.objects.get().count == 1


@pytest.mark.parametrize(
    "field", [f"attributes.{DROP}", "attributes->>'x'", "id", "pk", "email__startswith", "__class__"]
)
def test_fields_are_from_a_list_and_nothing_else(program: Caller, field: str) -> None:
    rule = {"logic": "AND", "conditions": [{"field": field, "operator": "equals", "value": "1"}]}
    answer = program.post("segments/estimate", {"criteria": rule})
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["pointer"].endswith("/conditions/0/field")


# segments


@pytest.mark.parametrize("depth", [30, 1000, 10_000])
def test_a_tree_too_deep_is_refused_and_keeps_nothing(program: Caller, depth: int) -> None:
    leaf = '{"field": "country", "operator": "equals", "value": "US"}'
    tree = '{"logic": "AND", "conditions": [' * depth + leaf + "]}" * depth
    for path, body in (
        ("segments/estimate", f'{{"criteria": {tree}}}'),
        ("segments", f'{{"name": "x", "criteria": {tree}}}'),
    ):
        answer = raw(program, path, body.encode())
        assert answer.status_code in (400, 422), depth
        assert "deep" in json.dumps(answer.json())
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("country", "greater_than", "US"),
        ("attributes.score", "contains", "7"),
        ("attributes.score", "greater_than", "many"),
        ("attributes.score", "greater_than", True),
        ("attributes.score", "between", [9]),
        ("attributes.vip", "greater_than", True),
        ("attributes.tags", "starts_with", "a"),
        ("attributes.born", "greater_than", "31.2.2024"),
        ("attributes.born", "within_last", "-3_days"),
        ("created_at", "in", ["2026-05-01"]),
        ("email", "within_last", "3_days"),
        ("list", "equals", "x"),
        ("country", "in", []),
        ("country", "equals", {"$gt": ""}),
    ],
)
def test_an_operator_on_the_wrong_type_says_what_would_be_right(
    program: Caller, field: str, operator: str, value: Any
) -> None:
    for name, type_ in (("score", "number"), ("vip", "boolean"), ("tags", "list"), ("born", "date")):
        register_attribute(name=name, type=type_)
    rule = {"logic": "AND", "conditions": [{"field": field, "operator": operator, "value": value}]}
    answer = program.post("segments", {"name": "wrong", "criteria": rule})
    assert answer.status_code == 422, answer.content
    [wrong] = answer.json()["errors"]
    assert wrong["pointer"].startswith("/criteria/conditions/0") or wrong["pointer"].startswith("/conditions/0")
    assert wrong["detail"]
    assert not Segment.objects.exists()


def test_segments_never_name_each_other_in_a_circle(program: Caller) -> None:
    def rule(*names: str) -> dict[str, Any]:
        return {"logic": "AND", "conditions": [{"field": "segment", "operator": "in", "value": list(names)}]}

    first = program.post("segments", {"name": "a", "criteria": {"field": "country", "operator": "exists"}}).json()[
        "segment_id"
    ]
    second = program.post("segments", {"name": "b", "criteria": rule(first)}).json()["segment_id"]
    third = program.post("segments", {"name": "c", "criteria": rule(second)}).json()["segment_id"]
    for closing in (first, second, third):
        answer = program.patch(f"segments/{first}", {"criteria": rule(closing)})
        assert answer.status_code == 422, answer.content
        leaf = {"field": "country", "operator": "exists"}
        excluding = {"logic": "AND", "conditions": [leaf], "exclude_segments": [closing]}
        assert program.patch(f"segments/{first}", {"criteria": excluding}).status_code == 422
    assert Segment.objects.get(name="a").versions.count() == 1


# people


@pytest.mark.parametrize("body", [b"\xff", b"{", b'{"contacts": NaN}', b'{"email": "\\u0000"}', b'{"email": "\\ud800"}',
                                  b"[" * 100_000, b'{"contacts": ' + b"[" * 5000 + b"]" * 5000 + b"}"])  # fmt: skip
def test_a_body_that_is_no_json_changes_nothing(program: Caller, body: bytes) -> None:
    for path in ("contacts", "contacts/batch", "segments/estimate"):
        answer = raw(program, path, body)
        assert answer.status_code in (400, 422), answer.content
        assert answer["Content-Type"] == "application/problem+json"
    assert not Contact.objects.exists()


def test_one_bad_person_harms_no_other(program: Caller) -> None:
    register_attribute(name="score", type="number")
    bad: list[Any] = [
        {}, [], 7, None, "x", {"email": []}, {"email": "a" * 1000}, {"email": "a@example.test", "attributes": []},
        {"email": "a@example.test", "attributes": {"score": "1e999"}}, {"email": "a@example.test", "__proto__": {}},
        {"external_id": {"$ne": None}}, {"external_id": True}, {"email": "a@example.test", "country": "Atlantis"},
        {"email": "a@example.test", "attributes": {"score": [[[1]]]}},
    ]  # fmt: skip
    answer = program.post("contacts/batch", {"contacts": [*bad, {"email": "good@example.test"}]}).json()
    assert answer["counts"] == {"invalid": len(bad), "new": 1}, answer
    assert all(one["errors"] for one in answer["results"][:-1])
    assert Contact.objects.get().email == "good@example.test"


# a merge during a send


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        config = {"host": "127.0.0.1", "port": running.port, "security": "none"}
        ProviderAccount.objects.create(name="server", kind="smtp", config=config)
        yield running
    close_all()


def test_a_merge_during_a_send_writes_to_nobody_twice_and_accounts_for_everybody(
    server: SmtpServer, program: Caller
) -> None:
    kept, gone, other = make_contacts("p0@example.com", "p1@example.com", "p2@example.com")
    order = make_order()
    plan(order, [kept, gone, other])
    merged = program.post(
        f"contacts/{public_ids.encode('contact', kept.pk)}/merge", {"contact_id": public_ids.encode("contact", gone.pk)}
    )
    assert merged.status_code == 200
    pipeline.work_lane("bulk", seconds=30)
    assert sorted(server.accepted) == [0, 2]
    assert waterfall(order.campaign_id).reasons == {"sent": {"": 2}, "skipped": {"contact_gone": 1}}


def test_what_one_refused_stops_what_is_on_its_way_to_the_other(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = make_contacts("p0@example.com", "p1@example.com")
    order = make_order()
    plan(order, [kept])
    assert caller("approver").post("suppressions", {"email": "p1@example.com"}).status_code < 300
    begin = ledger.begin

    def merged_just_before(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(ledger, "begin", begin)
        merge_contacts(kept_id=kept.pk, gone_id=gone.pk, at=timezone.now())
        return begin(*args, **options)

    monkeypatch.setattr(ledger, "begin", merged_just_before)
    pipeline.work_lane("bulk", seconds=30)
    assert server.accepted == []
    assert Message.objects.get().state == "skipped"


def test_merging_with_nobody_or_oneself_is_told(program: Caller) -> None:
    one = public_ids.encode("contact", contact().pk)
    assert program.post(f"contacts/{one}/merge", {"contact_id": one}).json()["code"] == "same_contact"
    nobody = public_ids.encode("contact", 99_999)
    assert program.post(f"contacts/{one}/merge", {"contact_id": nobody}).status_code == 404
    assert program.post(f"contacts/{one}/merge", {"contact_id": DROP}).status_code == 422


# pages


@pytest.mark.parametrize("place", ["/audience/contacts?{}", "/audience/events/quarantine/group?{}", "/audience/jobs?{}",
                                   "/audience/events?{}", "/audience/attributes?{}"])  # fmt: skip
@pytest.mark.parametrize("value", [DROP, "%00", "%FF", "9" * 5000, "../../etc/passwd"])
def test_pages_take_nonsense_in_their_addresses(admin_client: Client, place: str, value: str) -> None:
    names = (
        "q",
        "list",
        "segment",
        "country",
        "mail",
        "import",
        "sort",
        "after",
        "state",
        "type",
        "code",
        "at",
        "version",
    )
    for name in names:
        if name == "after" and value == "9" * 5000:
            continue
        assert admin_client.get(place.format(f"{name}={value}")).status_code < 500, name


def test_event_types_refuse_schemas_that_are_none(program: Caller) -> None:
    schemas: tuple[Any, ...] = (
        {},
        [],
        {"type": "string"},
        {"type": "object", "properties": {"a": {"$ref": "http://169.254.169.254/"}}},
    )
    for schema in schemas:
        answer = program.post("event-types", {"name": "demo_requested", "schema": schema})
        assert answer.status_code in (400, 422), answer.content
    assert not EventType.objects.filter(name="demo_requested").exists()
