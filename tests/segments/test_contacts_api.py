"""Contacts and lists through the API."""

import pytest
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry
from config.lib import public_ids
from segments.models import Attribute, Contact, ContactList
from tests.factories.api import caller
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db


def test_a_person_is_made_once_and_changed_afterwards() -> None:
    Attribute.objects.create(name="plan", type="string")
    program = caller("author")
    first = {"email": "Ana@Example.test", "first_name": "Ana", "attributes": {"plan": "gold"}}
    made = program.post("contacts", first)
    assert made.status_code == 201, made.json()
    body = made.json()
    assert (body["email"], body["attributes"], body["language"]) == ("ana@example.test", {"plan": "gold"}, "en")

    again = program.post("contacts", {"email": "ana@example.test", "last_name": "Lee"})
    assert (again.status_code, again.json()["contact_id"]) == (200, body["contact_id"])
    path = f"contacts/{body['contact_id']}"
    assert program.patch(path, {"attributes": {"plan": None}, "phone": "+14155550100"}).json()["attributes"] == {}
    read = program.get(path)
    assert (read.json()["first_name"], read.json()["last_name"]) == ("Ana", "Lee")
    assert program.patch(path, {"first_name": "B"}, If_Match=made["ETag"]).status_code == 412
    assert program.get("contacts?email=ANA@example.test").json()["results"] == [read.json()]


def test_the_audit_log_names_fields_of_people_never_their_values() -> None:
    program = caller()
    program.post("contacts", {"email": "ana@example.test", "first_name": "Anastasia"})
    program.post("contacts", {"email": "ana@example.test", "first_name": "Anastasia"})  # nothing changed
    entry = AuditEntry.objects.get()
    assert entry.changes == {"fields": ["email", "first_name"]}
    assert "nastasia" not in str(AuditEntry.objects.values().get())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"email": "not an address"}, "/email"),
        ({"email": "a@example.test", "country": "Narnia"}, "/country"),
        ({"email": "a@example.test", "attributes": {"unregistered": 1}}, "/attributes/unregistered"),
        ({"email": "a@example.test", "age": 3}, "/age"),
    ],
)
def test_what_is_wrong_with_a_person_has_its_pointer(body: dict[str, object], pointer: str) -> None:
    response = caller().post("contacts", body)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not Contact.objects.exists()


def test_two_identities_of_two_people_are_a_conflict() -> None:
    contact(external_id="a")
    contact(email="b@example.test")
    response = caller().post("contacts", {"external_id": "a", "email": "b@example.test"})
    assert (response.status_code, response.json()["code"]) == (409, "identity_conflict")


def test_people_come_on_lists_and_off_again() -> None:
    program, ids = caller("author"), [public_ids.encode("contact", contact().pk) for _ in range(3)]
    made = program.post("lists", {"name": "News"})
    assert made.status_code == 201
    path = f"lists/{made.json()['list_id']}"
    assert program.post(f"{path}/contacts", {"contact_ids": ids}).json() == {"added": 3}
    assert program.post(f"{path}/contacts", {"contact_ids": ids[:1]}).json() == {"added": 0}
    assert program.post(f"{path}/contacts/remove", {"contact_ids": ids[:1]}).json() == {"removed": 1}
    assert [row["contact_id"] for row in program.get(f"{path}/contacts").json()["results"]] == [ids[2], ids[1]]
    assert program.delete(path).status_code == 204
    assert program.get("lists").json()["results"] == []
    assert program.post(f"{path}/contacts", {"contact_ids": ids}).json()["code"] == "list_archived"
    assert program.post(f"{path}/restore").json()["archived_at"] is None


def test_an_id_of_another_kind_puts_nobody_on_a_list() -> None:
    made = ContactList.objects.create(name="News")
    wrong = public_ids.encode("list", contact().pk)
    caller().post(f"lists/{public_ids.encode('list', made.pk)}/contacts", {"contact_ids": [wrong]})
    assert not made.memberships.exists()


@pytest.mark.parametrize("path", ["contacts", "lists"])
def test_lists_take_the_same_queries_however_long(path: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    program = caller()
    program.get(path)
    for number in range(3):
        contact()
        ContactList.objects.create(name=f"List {number}")
    with django_assert_num_queries(4):
        assert len(program.get(path).json()["results"]) == 3
