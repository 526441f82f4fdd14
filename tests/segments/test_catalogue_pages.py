"""The catalogue of event types and attributes: what they are, who writes them, who uses them."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry
from config.lib import public_ids
from segments.events.describing import differences, properties_of
from segments.models import Attribute, Contact, EventType, Promotion
from segments.selectors import catalogue
from segments.services.attributes import register_attribute
from segments.services.segments import create_segment
from tests.factories import api
from tests.factories import segments as make
from tests.factories.events import BROWSER, event, take

pytestmark = pytest.mark.django_db
TYPES, ATTRIBUTES = "/audience/events", "/audience/attributes"


def test_event_types_tell_who_writes_them_and_when_they_were_last_seen(admin_client: Client) -> None:
    take(event("page_viewed", user_id="u1", properties={"path": "/a"}), sender=BROWSER)
    take(event("page_viewed", user_id="u2", properties={"path": "/b"}))
    seen = catalogue.lately()[EventType.objects.get(name="page_viewed").pk]
    assert (seen.events, [(one.source, one.events) for one in seen.writers]) == (2, [("browser", 1), ("server", 1)])
    page = admin_client.get(TYPES).content.decode()
    assert "order_completed" in page
    assert "a browser, a server" in page
    assert "never" in page


def test_an_event_type_shows_its_versions_and_what_waits(admin_client: Client) -> None:
    take(event("product_viewed", user_id="u1", properties={"colour": "red"}))
    page = admin_client.get(f"{TYPES}/types/product_viewed").content.decode()
    assert "Properties in version 1" in page
    assert "wait in quarantine" in page
    assert admin_client.get(f"{TYPES}/types/nothing").status_code == 404


def test_a_type_is_registered_and_gets_a_version_that_overwrites_nobodys(admin_client: Client) -> None:
    schema = '{"type": "object", "properties": {"seats": {"type": "number"}}, "additionalProperties": false}'
    asked = {"name": "demo_requested", "description": "", "value_property": "seats", "schema": schema}
    assert admin_client.post(f"{TYPES}/new", {**asked, "schema": "{"}).status_code == 422
    assert admin_client.post(f"{TYPES}/new", {**asked, "name": "Demo!"}).status_code == 422
    assert admin_client.post(f"{TYPES}/new", asked).status_code == 302
    place = f"{TYPES}/types/demo_requested/new-version"
    wider = schema.replace('"number"', '["number", "string"]')
    assert admin_client.post(place, {"seen": 1, "schema": wider}).status_code == 302
    late = admin_client.post(place, {"seen": 1, "schema": schema})
    assert (late.status_code, "Somebody else made a version" in late.content.decode()) == (422, True)
    same = admin_client.post(place, {"seen": 2, "schema": wider})
    assert (same.status_code, EventType.objects.get(name="demo_requested").versions.count()) == (422, 2)
    page = admin_client.get(f"{TYPES}/types/demo_requested?version=1").content.decode()
    assert "Properties in version 1" in page
    assert {"event_type_registered", "event_type_changed"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_attributes_tell_type_share_index_and_users(admin_client: Client) -> None:
    register_attribute(name="plan", type="string", description="What they pay for")
    register_attribute(name="tags", type="list")
    for number in range(4):
        make.contact(attributes={"plan": "pro"} if number else {})
    make.imported(b"email,Plan\na@example.test,pro\n")
    Promotion.objects.create(attribute=Attribute.objects.get(name="plan"), state="ready")
    rule = {"logic": "AND", "conditions": [{"field": "attributes.plan", "operator": "equals", "value": "pro"}]}
    create_segment(name="Payers", criteria=rule, by=None)
    page = admin_client.get(ATTRIBUTES).content.decode()
    for words in ("What they pay for", "about 80 %", "Has an index", "people.csv", "hardly anybody"):
        assert words in page, words
    assert "Payers" in admin_client.get(f"{ATTRIBUTES}/plan").content.decode()


def test_an_attribute_tells_who_wrote_it_last(admin_client: Client) -> None:
    row = register_attribute(name="plan", type="string")

    def writer() -> tuple[str, str]:
        row.refresh_from_db()
        Attribute.objects.update(written_at=F("written_at") - timedelta(seconds=2))
        return row.writer_kind, row.writer

    make.imported(b"email,Plan\na@example.test,pro\n")
    assert writer() == ("import", "people.csv")
    assert "people.csv</a>" in admin_client.get(f"{ATTRIBUTES}/plan").content.decode()
    body = {"email": "a@example.test", "attributes": {"plan": "free"}}
    many = {"contacts": [body, {"email": "b@example.test", "attributes": {"plan": "free"}}, 7]}
    assert api.caller().post("contacts/batch", many).status_code == 200
    assert writer() == ("api", "test")
    take(event("contact_identified", user_id="u1", traits={"Plan": "pro"}))
    assert writer() == ("events", "server")
    person = Contact.objects.get(email="a@example.test")
    asked = {"action": "attribute", "attribute": "plan", "verb": "clear"}
    asked["row"] = public_ids.encode("contact", person.pk)
    assert admin_client.post("/audience/contacts", asked).status_code == 302
    assert writer() == ("bulk_job", "admin")


def test_an_index_is_asked_for_and_taken_back_on_the_page_of_its_attribute(admin_client: Client) -> None:
    register_attribute(name="plan", type="string")
    assert "Make the index" in admin_client.get(f"{ATTRIBUTES}/plan").content.decode()
    admin_client.post(f"{ATTRIBUTES}/plan/index", {"verb": "make"})
    assert Promotion.objects.get().state == "waiting"
    assert "Make the index" not in admin_client.get(f"{ATTRIBUTES}/plan").content.decode()
    Promotion.objects.update(state="failed", error="no space left")
    page = admin_client.get(f"{ATTRIBUTES}/plan").content.decode()
    assert "no space left" in page
    admin_client.post(f"{ATTRIBUTES}/plan/index", {"verb": "take_back"})
    assert Promotion.objects.get().state == "leaving"
    assert admin_client.post(f"{ATTRIBUTES}/nothing/index", {"verb": "make"}).status_code == 404


def test_an_attribute_is_registered_and_described(admin_client: Client) -> None:
    assert admin_client.post(f"{ATTRIBUTES}/new", {"name": "plan", "type": "string"}).status_code == 302
    again = admin_client.post(f"{ATTRIBUTES}/new", {"name": "plan", "type": "string"})
    assert (again.status_code, "already" in again.content.decode()) == (422, True)
    assert admin_client.post(f"{ATTRIBUTES}/new", {"name": "E mail", "type": "string"}).status_code == 422
    admin_client.post(f"{ATTRIBUTES}/plan", {"description": " what  they pay "})
    assert Attribute.objects.get(name="plan").description == "what they pay"


def test_viewers_look_and_change_nothing(client: Client) -> None:
    register_attribute(name="plan", type="string")
    client.force_login(api.person("viewer"))
    assert client.get(TYPES).status_code == client.get(ATTRIBUTES).status_code == 200
    for place in (f"{TYPES}/new", f"{TYPES}/types/page_viewed/new-version", f"{ATTRIBUTES}/new"):
        assert client.get(place).status_code == 403
    assert client.post(f"{ATTRIBUTES}/plan", {"description": "x"}).status_code == 403
    assert client.post(f"{ATTRIBUTES}/plan/index", {"verb": "make"}).status_code == 403


def test_what_differs_between_two_schemas_is_told_by_property() -> None:
    before = {"properties": {"a": {"type": "string"}, "b": {"type": "number", "minimum": 0}}, "required": ["a"]}
    after = {"properties": {"a": {"type": ["string", "null"]}, "b": {"type": "number", "minimum": 0}, "c": {}}}
    a, b = properties_of(before)
    assert (a.required, b.limits) == (True, "minimum 0")
    assert [(old and old.name, new and new.name) for old, new in differences(before, after)] == [
        ("a", "a"),
        (None, "c"),
    ]


def test_the_catalogue_takes_few_questions_however_many_types_there_are(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    take(event("page_viewed", user_id="u1", properties={"path": "/a"}))
    with django_assert_max_num_queries(9):
        admin_client.get(TYPES)
    with django_assert_max_num_queries(10):
        admin_client.get(ATTRIBUTES)
