"""Suppressions, unsubscribing and preferences through the API."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry, Scope, Suppression, SuppressionEvent
from config.lib import public_ids
from tests.factories.api import caller
from tests.factories.compliance import make_brand, make_sender, make_token
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db


def test_an_address_is_suppressed_once_and_found_by_its_hash() -> None:
    program, brand = caller("approver"), make_brand()
    body = {"email": "Ana@Example.test", "scope": "brand", "brand_id": public_ids.encode("brand", brand.pk)}
    assert program.post("suppressions", body).json() == {"suppressed": True, "is_new": True}
    assert program.post("suppressions", body).json() == {"suppressed": True, "is_new": False}
    (row,) = program.get("suppressions?email=ana@example.test").json()["results"]
    assert (row["scope"], row["brand_id"], row["list_id"], row["reason"]) == ("brand", body["brand_id"], None, "manual")
    assert program.get("suppressions?email=ben@example.test").json()["results"] == []
    assert "ana" not in str(list(AuditEntry.objects.values_list("changes")))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "no address"}, "/email"),
        ({"email": "a@example.test", "scope": "brand"}, "/brand_id"),
        ({"email": "a@example.test", "brand_id": public_ids.encode("brand", 1)}, "/brand_id"),
        ({"email": "a@example.test", "scope": "list", "list_id": public_ids.encode("list", 999)}, "/list_id"),
    ],
)
def test_a_suppression_that_says_not_what_it_means_is_refused(body: dict[str, str], pointer: str) -> None:
    response = caller().post("suppressions", body)
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not Suppression.objects.exists()


def test_the_token_alone_unsubscribes_and_what_is_beside_it_must_agree(client: Client) -> None:
    ana = contact(email="ana@example.test")
    token = make_token(ana, make_brand())
    send = {"token": token.seal(), "email": "ben@example.test"}
    for wrong in (send, {"token": token.seal(), "campaign_id": public_ids.encode("campaign", 2)}):
        assert client.post("/api/v1/unsubscribe", wrong, "application/json").status_code == 422
    assert client.post("/api/v1/unsubscribe", {"token": "x"}, "application/json").json()["code"] == "invalid_token"
    assert not Suppression.objects.exists()
    right = {"token": token.seal(), "email": "ANA@example.test", "campaign_id": public_ids.encode("campaign", 1)}
    answer = client.post("/api/v1/unsubscribe", right, "application/json")
    assert answer.json() == {"unsubscribed": True, "scope": "brand"}
    assert Suppression.objects.get().scope == Scope.BRAND


def test_preferences_are_shown_and_mail_is_switched_off() -> None:
    program, ana = caller("approver"), contact(email="ana@example.test")
    path = f"users/{public_ids.encode('contact', ana.pk)}/preferences"
    assert program.get(path).json()["email_enabled"] is True
    body = {"email_enabled": False, "unsubscribe_reason": "Too many emails"}
    assert program.patch(path, body).json()["email_enabled"] is False
    assert program.get(path).json()["suppressions"][0]["reason"] == "unsubscribed"
    assert SuppressionEvent.objects.get().note == "Too many emails"
    refused = program.patch(path, {"email_enabled": True}).json()
    assert refused["errors"][0]["code"] == "not_allowed"
    later = program.patch(path, {"email_enabled": False, "frequency_cap": {"email": 3}}).json()
    assert [(e["pointer"], e["code"]) for e in later["errors"]] == [("/frequency_cap", "not_available_yet")]


def test_brands_come_with_their_senders_in_one_more_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    program = caller("viewer")
    program.get("brands")
    for name in ("A", "B", "C"):
        make_sender(make_brand(name))
    with django_assert_num_queries(5):
        rows = program.get("brands").json()["results"]
    assert [len(row["senders"]) for row in rows] == [1, 1, 1]
