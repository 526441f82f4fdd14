"""Conditions on whether we may write to somebody say what the gate says."""

from typing import Any

import pytest
from django.utils import timezone

from compliance.gate import Candidate
from compliance.models import Brand, Reason, Scope
from compliance.rules.suppression import NotSuppressed
from compliance.services.suppressions import suppress_email
from config.lib import public_ids
from config.lib.addresses import address_hashes
from segments.compiler import contacts_matching
from segments.explaining import explain
from segments.models import ContactList
from tests.factories.compliance import make_brand
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db
NAMES = ("nobody", "everywhere", "one", "other", "list", "bounced")


@pytest.fixture
def world() -> tuple[Brand, Brand, ContactList]:
    """People by what is suppressed: nothing, all mail, that of a brand or a list, a bounce; one has no address."""
    one, other, news = make_brand("One"), make_brand("Other"), ContactList.objects.create(name="News")
    scopes = {"everywhere": (Scope.GLOBAL, 0), "one": (Scope.BRAND, one.pk), "other": (Scope.BRAND, other.pk),
              "list": (Scope.LIST, news.pk), "bounced": (Scope.GLOBAL, 0)}  # fmt: skip
    for name in NAMES:
        contact(external_id=name, email=f"{name}@example.com")
    for name, (scope, scope_id) in scopes.items():
        reason = Reason.BOUNCED if name == "bounced" else Reason.UNSUBSCRIBED
        suppress_email(f"{name}@example.com", scope=scope, scope_id=scope_id, reason=reason, source="test",
                       at=timezone.now())  # fmt: skip
    contact(external_id="unknown", email=None)
    return one, other, news


def _found(field: str, operator: str, value: Any) -> set[str]:
    rule = {"field": field, "operator": operator, "value": value}
    found = {str(one.external_id) for one in contacts_matching(rule)}
    others = {str(one.external_id) for one in contacts_matching({"not": rule})}
    assert found | others == {*NAMES, "unknown"}
    assert not found & others
    return found


def test_who_may_be_mailed_at_all(world: Any) -> None:
    assert _found("may_be_mailed", "equals", True) == {"nobody", "one", "other", "list"}
    assert _found("may_be_mailed", "equals", False) == {"everywhere", "bounced", "unknown"}


def test_it_reads_as_what_one_may_do() -> None:
    for operator, value, words in (
        ("equals", True, "may"),
        ("not_equals", True, "may not"),
        ("equals", False, "may not"),
    ):
        rule = {"field": "may_be_mailed", "operator": operator, "value": value}
        assert explain(rule) == f"Contacts where the contact {words} be mailed."


def test_who_may_be_mailed_by_a_brand_is_whom_the_gate_lets_through(world: Any) -> None:
    one, other, _news = world
    gate = {
        name for name in NAMES
        if not NotSuppressed().verdicts(
            [Candidate(1, 1, 1, "email", "marketing", one.pk, [], address_hashes(f"{name}@example.com"))],
            at=timezone.now(),
        )
    }  # fmt: skip
    ids = [public_ids.encode("brand", brand.pk) for brand in (one, other)]
    assert _found("may_be_mailed_by", "in", ids[:1]) == gate == {"nobody", "other", "list"}
    assert _found("may_be_mailed_by", "in", ids) == {"nobody", "one", "other", "list"}


def test_why_somebody_is_not_written_to(world: Any) -> None:
    assert _found("suppressed_because", "in", ["bounced"]) == {"bounced"}
    assert _found("suppressed_because", "in", ["unsubscribed"]) == {"everywhere", "one", "other", "list"}
    assert _found("opted_out_of", "in", [public_ids.encode("list", world[2].pk)]) == {"list"}
