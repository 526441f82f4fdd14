"""Many people at once through the API: each as if it were sent alone, in order."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from compliance.models import AuditEntry
from config.lib.errors import DomainError
from segments.models import Contact
from segments.services.attributes import register_attribute
from segments.services.contact_batches import upsert_contacts
from segments.services.contacts import upsert_contact
from tests.factories import segments as make
from tests.factories.api import caller


def people() -> list[tuple[Any, ...]]:
    rows = Contact.objects.order_by("pk")
    return list(
        rows.values_list("external_id", "email", "email_as_given", "email_key", "phone", "first_name", "attributes")
    )


ITEM = st.fixed_dictionaries(
    {},
    optional={
        "external_id": st.sampled_from(["a", "b", "c", None]),
        "email": st.sampled_from(["x@example.test", "Y@example.test", "z@example.test", "wrong", ""]),
        "first_name": st.sampled_from(["Ana", "", None]),
        "phone": st.sampled_from(["+14155550100", "many"]),
        "attributes": st.sampled_from([{"plan": "pro"}, {"plan": None}, {"plan": ""}, {"nothing": 1}]),
    },
)


class TestLaw(TestCase):
    @settings(max_examples=60)
    @given(before=st.lists(ITEM, max_size=4), items=st.lists(ITEM, max_size=8))
    def test_a_batch_is_what_its_items_are_one_by_one(self, before: list[Any], items: list[Any]) -> None:
        register_attribute(name="plan", type="string")
        upsert_contacts(before)
        with transaction.atomic():
            told = [self.one(item) for item in items]
            alone = people()
            transaction.set_rollback(True)
        results = upsert_contacts(items)
        assert [one.outcome for one in results] == told
        assert people() == alone
        assert {one.outcome for one in upsert_contacts(items[-1:])} <= {"unchanged", "conflict", "invalid"}

    def one(self, item: Any) -> str:
        try:
            with transaction.atomic():
                return upsert_contact(item).outcome
        except DomainError as error:
            return "conflict" if error.status == 409 else "invalid"


@pytest.mark.django_db
def test_each_item_is_answered_for_itself() -> None:
    register_attribute(name="plan", type="string")
    make.contact(email="ana@example.test", external_id="a")
    make.contact(email="ben@example.test")
    program = caller("author")
    items = [
        {"email": "Ana@example.test", "first_name": "Ana", "attributes": {"plan": "pro"}},
        {"email": "new@example.test"},
        {"external_id": "a", "email": "ben@example.test"},
        {"email": "no address", "attributes": {"age": 3}},
        {"first_name": {"$ne": 1}},
        "x",
        {"email": "new@example.test"},
    ]
    answer = program.post("contacts/batch", {"contacts": items})
    body = answer.json()
    assert answer.status_code == 200, body
    told = ["changed", "new", "conflict", "invalid", "invalid", "invalid", "unchanged"]
    assert [one["outcome"] for one in body["results"]] == told
    assert body["counts"] == {"changed": 1, "new": 1, "conflict": 1, "invalid": 3, "unchanged": 1}
    assert [one["pointer"] for one in body["results"][3]["errors"]] == ["/email", "/attributes/age"]
    assert body["results"][2]["errors"][0]["code"] == "identity_conflict"
    assert body["results"][1]["contact_id"] == body["results"][6]["contact_id"]
    again = program.send("PUT", "contacts/batch", {"contacts": items}).json()
    assert again["counts"] == {"unchanged": 3, "conflict": 1, "invalid": 3}
    entry = AuditEntry.objects.get(action="contacts_upserted")
    assert "Ana" not in str(entry.changes)


@pytest.mark.django_db
def test_a_thousand_take_as_few_statements_as_one_and_more_are_refused() -> None:
    items = [{"email": f"p{n}@example.test", "first_name": "P"} for n in range(1000)]
    upsert_contacts(items[:500])
    with CaptureQueriesContext(
        connection,
    ) as captured:
        results = upsert_contacts([{**one, "last_name": "L"} for one in items])
    assert len(captured) <= 8
    assert [one.outcome for one in results] == ["changed"] * 500 + ["new"] * 500
    too_many = caller("author").post("contacts/batch", {"contacts": [*items, {}]})
    assert (too_many.status_code, too_many.json()["errors"][0]["pointer"]) == (422, "/contacts")


@pytest.mark.django_db
def test_addresses_may_change_hands_within_a_batch() -> None:
    ana = make.contact(email="old@example.test", external_id="a")
    results = upsert_contacts(
        [{"external_id": "a", "email": "new@example.test"}, {"external_id": "b", "email": "old@example.test"}]
    )
    assert [one.outcome for one in results] == ["changed", "new"]
    ana.refresh_from_db()
    assert ana.email == "new@example.test"
    assert Contact.objects.get(external_id="b").email == "old@example.test"
    moved = [{"external_id": "a", "email": None}, {"external_id": "b", "email": "new@example.test"},
             {"external_id": "a", "email": "old@example.test"}]  # fmt: skip
    assert [one.outcome for one in upsert_contacts(moved)] == ["changed"] * 3
    assert dict(Contact.objects.values_list("external_id", "email")) == {
        "a": "old@example.test",
        "b": "new@example.test",
    }
