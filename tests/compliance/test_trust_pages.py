"""The pages of Trust: whom nothing is sent to, what lifts that, and who did what."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry, Reason, Scope, Suppression, SuppressionEvent
from compliance.services.suppressions import suppress_email
from compliance.views.audit import changes_in_words, in_words
from config.lib import public_ids
from config.lib.addresses import address_hash
from segments.models import Contact
from tests.factories.api import person
from tests.factories.compliance import make_brand

pytestmark = pytest.mark.django_db
AT = "/trust/suppressions"


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


def suppressed(email: str = "ana@example.com", reason: Reason = Reason.UNSUBSCRIBED) -> str:
    suppress_email(email, scope=Scope.GLOBAL, scope_id=0, reason=reason, source="page", at=timezone.now())
    row = Suppression.objects.get(address_key=address_hash(email).key, reason=reason)
    return public_ids.encode("suppression", row.pk)


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def test_the_list_says_why_and_how_far_in_a_fixed_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    Contact.objects.create(email="ana@example.com", email_key=address_hash("ana@example.com").key)
    brand = make_brand("Acme")
    suppressed()
    suppress_email(
        "x@example.com", scope=Scope.BRAND, scope_id=brand.pk, reason=Reason.MANUAL, source="api", at=timezone.now()
    )
    viewer = signed_in("viewer")
    viewer.get(AT)
    with django_assert_num_queries(6):  # the session, its user, two for permissions, the count and the rows
        page = text(viewer.get(AT))
    assert "ana@example.com" in page
    assert "x@example.com" not in page
    assert "Of nobody here" in page
    assert "Mail of Acme" in page
    assert "Mail of Acme" not in text(viewer.get(f"{AT}?reason=unsubscribed"))


def test_an_exact_address_is_looked_up_without_standing_in_the_address_of_the_page() -> None:
    suppressed()
    viewer = signed_in("viewer")
    found = text(viewer.post(AT, {"email": " Ana@Example.COM "}))
    assert "on the unsubscribe page" in found
    assert "Lift …" not in found
    assert "Lift …" in text(signed_in("approver").post(AT, {"email": "ana@example.com"}))
    assert "ben@example.com is not suppressed" in text(viewer.post(AT, {"email": "ben@example.com"}))
    wrong = text(viewer.post(AT, {"email": "no address"}), 422)
    assert 'value="no address"' in wrong


def test_an_address_is_suppressed_by_hand_and_that_is_audited_without_it() -> None:
    approver = signed_in("approver")
    given = {"email": "Ana@example.com", "scope": "global", "note": "asked by phone"}
    approver.post(f"{AT}/new", given)
    row = Suppression.objects.get()
    assert (row.reason, row.scope, row.source) == ("manual", "global", "pages")
    assert SuppressionEvent.objects.get().note == "asked by phone"
    assert AuditEntry.objects.get(action="address_suppressed").changes == {"scope": "global", "is_new": True}
    assert signed_in("author").post(f"{AT}/new", given).status_code == 403


@pytest.mark.parametrize(
    ("given", "field"),
    [({"email": "nonsense"}, "email"), ({"scope": "brand"}, "brand"), ({"scope": "list", "list": "999"}, "list"),
     ({"scope": "moon"}, "scope"), ({"note": ""}, "note"), ({"note": "x" * 300}, "note")],
)  # fmt: skip
def test_nonsense_is_told_beside_its_field(given: dict[str, str], field: str) -> None:
    whole = {"email": "ana@example.com", "scope": "global", "note": "asked", **given}
    answer = signed_in("approver").post(f"{AT}/new", whole)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert not Suppression.objects.exists()


def _lift(public_id: str, **given: str) -> Any:
    return signed_in("approver").post(f"{AT}/{public_id}/lift", {"email": "ana@example.com", **given})


def test_an_opt_out_gives_way_to_a_newer_wish_alone() -> None:
    public_id, today = suppressed(), timezone.now().date()
    for day in ("", str(today - timedelta(days=3)), str(today + timedelta(days=3))):
        answer = _lift(public_id, note="wrote to us", asked_on=day)
        assert "Only their own newer wish" in text(answer, 422)
        assert 'value="wrote to us"' in text(answer, 422)
    assert _lift(public_id, note="wrote to us", asked_on=str(today)).status_code == 302
    assert not Suppression.objects.exists()
    event = SuppressionEvent.objects.get(action="lifted")
    assert event.note == f"{today}: wrote to us"
    assert AuditEntry.objects.filter(action="suppression_lifted").exists()


def test_what_was_laid_by_hand_is_lifted_with_a_reason_and_an_erasure_never() -> None:
    assert _lift(suppressed(reason=Reason.MANUAL), note="a mistake").status_code == 302
    erased = suppressed(reason=Reason.ERASED)
    assert "never lifted" in text(_lift(erased, note="please", asked_on=str(timezone.now().date())), 422)
    assert Suppression.objects.get().reason == "erased"


def test_somebody_elses_suppression_is_not_lifted_by_its_id() -> None:
    other = suppressed("ben@example.com", Reason.MANUAL)
    assert "not of this address" in text(_lift(other, note="a mistake"), 422)
    assert signed_in("viewer").post(f"{AT}/{other}/lift", {"email": "ben@example.com", "note": "x"}).status_code == 403
    assert Suppression.objects.exists()


def test_the_audit_log_says_who_did_what_in_words(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    admin = signed_in("admin")
    admin.post(f"{AT}/new", {"email": "ana@example.com", "scope": "global", "note": "asked"})
    admin.get("/trust/audit")
    with django_assert_num_queries(7):  # as the list of suppressions, and the people for the filter
        page = text(admin.get("/trust/audit"))
    assert "Address suppressed" in page
    assert "scope: global" in page
    assert "Address suppressed" not in text(admin.get("/trust/audit?kind=campaign"))
    assert "Address suppressed" in text(admin.get("/trust/audit?since=2020-01-01"))
    assert signed_in("approver").get("/trust/audit").status_code == 403


def test_changes_are_told_in_words() -> None:
    assert in_words("campaign_launched") == "Campaign launched"
    assert (
        changes_in_words({"status": ["draft", "active"], "fields": ["legal_name"]})
        == "status: draft → active · legal name"
    )
    assert changes_in_words({str(n): n for n in range(9)}).endswith("…")
