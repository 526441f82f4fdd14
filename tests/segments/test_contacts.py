"""Single people, lists, attributes, and what a message may say of somebody."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.lib.addresses import address_key
from config.lib.errors import Invalid
from segments.models import Contact, ContactList
from segments.selectors import known_fields, merge_contexts
from segments.selectors.contacts import find_contacts
from segments.services.attributes import AttributeTypeConflict, register_attribute, typed_values
from segments.services.contacts import (
    IdentityConflict,
    contact_problems,
    create_contact,
    edit_contact,
    upsert_contact,
)
from segments.services.lists import (
    ListArchived,
    add_to_list,
    archive_list,
    create_list,
    remove_from_list,
    restore_list,
)
from tests.factories import segments as make

pytestmark = pytest.mark.django_db


def pointers(caught: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return {error.pointer for error in caught.value.errors}


# Contacts


def test_an_upsert_makes_changes_and_recognises() -> None:
    register_attribute(name="plan", type="string")
    made = upsert_contact({"email": " Ana@Example.test ", "country": "Portugal", "attributes": {"plan": "pro"}})
    assert made.outcome == "new"
    ana = made.contact
    assert (ana.email, ana.email_as_given, ana.country) == ("ana@example.test", "Ana@Example.test", "PT")
    assert (ana.email_key, ana.language, ana.timezone) == (address_key("ana@example.test"), "en", "UTC")
    assert ana.cohort_on == timezone.now().date()
    assert upsert_contact({"email": "ANA@example.test"}).outcome == "unchanged"
    changed = upsert_contact({"email": "ana@example.test", "external_id": "c-1", "first_name": "Ana"})
    assert (changed.outcome, changed.contact.pk) == ("changed", ana.pk)
    assert upsert_contact({"external_id": "c-1", "attributes": {"plan": None}}).contact.attributes == {}


def test_what_did_not_change_is_not_touched() -> None:
    made = upsert_contact({"email": "ana@example.test", "first_name": "Ana"}).contact
    assert upsert_contact({"email": "ANA@EXAMPLE.test", "first_name": "Ana"}).contact.updated_at == made.updated_at


def test_an_identity_is_never_guessed() -> None:
    make.contact(email="ana@example.test", external_id="c-1")
    make.contact(email="ben@example.test", external_id="c-2")
    for external_id in ("c-2", "c-9"):
        with pytest.raises(IdentityConflict):
            upsert_contact({"email": "ana@example.test", "external_id": external_id})


def test_all_that_is_wrong_with_values_is_named_at_once() -> None:
    register_attribute(name="age", type="number")
    with pytest.raises(Invalid) as caught:
        upsert_contact(
            {"email": "wrong", "phone": "12", "country": "ZZ", "shoe": "1", "attributes": {"age": "old", "hat": 1}}
        )
    assert pointers(caught) == {"/email", "/phone", "/country", "/shoe", "/attributes/age", "/attributes/hat"}


def test_somebody_needs_an_identity() -> None:
    with pytest.raises(Invalid, match="recognised"):
        upsert_contact({"first_name": "Nobody"})
    with pytest.raises(Invalid, match="recognised"):
        create_contact({"phone": "+491712345678"})
    ana = make.contact(email="ana@example.test")
    with pytest.raises(Invalid, match="recognised"):
        edit_contact(ana, {"email": ""})


def test_an_edit_clears_what_is_blank_and_keeps_what_is_left_out() -> None:
    ana = make.contact(email="ana@example.test", external_id="c-1", first_name="Ana", last_name="Silva", country="PT")
    assert edit_contact(ana, {"first_name": "", "country": "", "email": None, "language": ""})
    assert (ana.first_name, ana.last_name, ana.country, ana.language) == ("", "Silva", "", "en")
    assert (ana.email, ana.email_as_given, ana.email_key) == (None, "", None)
    assert not edit_contact(ana, {"last_name": "Silva"})


def test_an_address_has_one_owner() -> None:
    ana, ben = make.contact(email="ana@example.test"), make.contact(email="ben@example.test")
    with pytest.raises(Invalid) as caught:
        edit_contact(ben, {"email": "ANA@example.test"})
    assert pointers(caught) == {"/email"}
    assert [problem.code for problem in contact_problems({"email": "ana@example.test"})] == ["taken"]
    assert contact_problems({"email": "ana@example.test"}, of=ana) == []
    with pytest.raises(Invalid):
        create_contact({"email": "ana@example.test"})
    assert create_contact({"external_id": "c-3"}).pk


def test_a_cohort_cannot_be_changed_even_by_sql() -> None:
    ana = make.contact(email="ana@example.test")
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Contact.objects.filter(pk=ana.pk).update(cohort_on="2020-01-01")
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE segments_contact SET cohort_on = cohort_on - 1")
    ana.refresh_from_db()
    ana.first_name = "Ana"
    ana.save()


# Attributes


def test_an_attribute_has_one_type_for_ever() -> None:
    assert register_attribute(name="plan", type="string").pk == register_attribute(name="plan", type="string").pk
    with pytest.raises(AttributeTypeConflict):
        register_attribute(name="plan", type="number")


@pytest.mark.parametrize("name", ["Plan", "", "2nd", "email", "a-b", "x" * 64])
def test_an_attribute_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(Invalid):
        register_attribute(name=name, type="string")


def test_an_attribute_needs_a_known_type() -> None:
    with pytest.raises(Invalid):
        register_attribute(name="plan", type="colour")


def test_values_come_as_text_or_in_their_own_type() -> None:
    registry = {"n": "number", "b": "boolean", "d": "date", "l": "list", "s": "string"}
    assert typed_values({"n": "1.5", "b": True, "d": "2024-01-31", "l": ["a", " a ", "b"], "s": 5}, registry) == {
        "n": 1.5, "b": True, "d": "2024-01-31", "l": ["a", "b"], "s": "5",
    }  # fmt: skip
    assert typed_values({"n": 2, "b": "no", "l": "a;b", "s": "  ", "x": None}, registry) == {
        "n": 2, "b": False, "l": ["a", "b"], "s": None, "x": None,
    }  # fmt: skip
    with pytest.raises(Invalid) as caught:
        typed_values({"n": True, "b": 2, "d": 5, "l": [1], "s": ["a"], "x": 1}, registry)
    assert pointers(caught) == {f"/attributes/{name}" for name in "nbdlsx"}
    with pytest.raises(Invalid):
        typed_values({"s": {"nested": 1}}, registry)


# Lists


def test_people_are_put_on_lists_once_and_taken_off() -> None:
    news = create_list(name=" News ")
    ana, ben = make.contact(), make.contact()
    assert add_to_list(news, [ana.pk, ben.pk, 10**9]) == 2
    assert add_to_list(news, [ana.pk]) == 0
    assert remove_from_list(news, [ana.pk, 10**9]) == 1
    assert list(news.memberships.values_list("contact", flat=True)) == [ben.pk]


def test_a_list_has_a_name_of_its_own() -> None:
    create_list(name="News")
    for name in ("", "  ", "News"):
        with pytest.raises(Invalid):
            create_list(name=name)


def test_an_archived_list_takes_nobody() -> None:
    news = create_list(name="News")
    first = timezone.now()
    archive_list(news, at=first)
    archive_list(news, at=timezone.now())
    assert ContactList.objects.get().archived_at == first
    with pytest.raises(ListArchived):
        add_to_list(news, [])
    restore_list(news)
    assert add_to_list(news, [make.contact().pk]) == 1


# What a message may say


def test_recipients_have_what_is_known_and_nothing_else(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ana = make.contact(
        email="ana@example.test", first_name="Ana", language="pt", timezone="Europe/Lisbon",
        attributes={"plan": "pro", "score": 0, "vip": False, "tags": ["a"], "none": None, "blank": "", "no": [],
                    "deep": {"x": 1}, "first_name": "shadow"},
    )  # fmt: skip
    nameless = make.contact(email=None, external_id="c-2")
    with django_assert_num_queries(1):
        found = merge_contexts([ana.pk, nameless.pk, 10**9])
    assert set(found) == {ana.pk, nameless.pk}
    recipient = found[ana.pk]
    assert (recipient.email, recipient.language, recipient.timezone) == ("ana@example.test", "pt", "Europe/Lisbon")
    assert recipient.fields == {
        "email": "ana@example.test", "first_name": "Ana", "language": "pt", "timezone": "Europe/Lisbon",
        "plan": "pro", "score": 0, "vip": False, "tags": ["a"],
    }  # fmt: skip
    assert found[nameless.pk].fields == {"external_id": "c-2", "language": "en", "timezone": "UTC"}


def test_every_name_a_recipient_may_have_is_known() -> None:
    register_attribute(name="tags", type="list")
    known = known_fields()
    assert known["tags"] == "list"
    ana = make.contact(email="ana@example.test", external_id="1", attributes={"tags": ["a"]})
    assert merge_contexts([ana.pk])[ana.pk].fields.keys() <= known.keys()


def test_people_are_found_by_what_one_knows_of_them() -> None:
    ana = make.contact(
        email="ana.silva@example.test", external_id="c 1", phone="+351912345678", first_name="Ana", last_name="Silva"
    )
    make.contact(email="ben@example.test", first_name="Ben")
    for text in ("ANA.Silva@example.test", "c 1", "+351 912 345 678", "silva", "an sil", "Silva  A", "ana.s"):
        assert list(find_contacts(text)) == [ana], text
    maria = make.contact(first_name="Ana Maria", last_name="de la Cruz")
    for text in ("ana maria", "ana m", "ana maria de la", "De la Cruz Ana", "ana d"):
        assert list(find_contacts(text)) == [maria], text
    assert not find_contacts("ana ben").exists()
    assert find_contacts("").count() == 3
