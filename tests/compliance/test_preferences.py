"""The public preferences page: people change what they get by their own link, and nothing else does."""

import pytest
from django.test import Client
from django.utils import timezone

from compliance.models import Brand, Reason, Scope, Suppression, SuppressionEvent
from compliance.services.suppressions import suppress_email
from config.lib import public_ids
from config.lib.addresses import address_hash
from segments.models import Contact, ContactList, ListMembership
from tests.factories.compliance import make_brand, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> Brand:
    return make_brand()


@pytest.fixture
def ana() -> Contact:
    return Contact.objects.create(email="ana@example.com", email_key=address_hash("ana@example.com").key)


@pytest.fixture
def lists(ana: Contact) -> list[str]:
    made = [ContactList.objects.create(name=name) for name in ("News", "Offers")]
    ListMembership.objects.bulk_create(ListMembership(list=one, contact=ana) for one in made)
    ContactList.objects.create(name="Not hers")
    return [public_ids.encode("list", one.pk) for one in made]


@pytest.fixture
def page(ana: Contact, brand: Brand) -> str:
    return f"/u/{make_token(ana, brand).seal()}/preferences"


@pytest.fixture
def bare() -> Client:
    return Client(enforce_csrf_checks=True)


def _scopes() -> list[str]:
    return sorted(Suppression.objects.values_list("scope", flat=True))


def test_reading_shows_the_lists_and_changes_nothing(bare: Client, page: str, lists: list[str]) -> None:
    for _ in range(2):
        shown = bare.get(f"{page}?stop=1&stay=x").content.decode()
    assert bare.head(page).status_code == 200
    assert "News" in shown
    assert "Offers" in shown
    assert "Not hers" not in shown
    assert "<script" not in shown
    assert "ana@" not in shown
    assert not SuppressionEvent.objects.exists()


def test_a_list_is_called_by_its_public_name(
    bare: Client, page: str, lists: list[str], ana: Contact, brand: Brand
) -> None:
    offers = ContactList.objects.get(name="Offers")
    ContactList.objects.filter(pk=offers.pk).update(public_name="Bargains of the week")
    link = "/u/" + make_token(ana, brand, scope=Scope.LIST, scope_id=offers.pk).seal()
    for shown in (bare.get(page), bare.get(link), bare.post(f"{link}/confirm")):
        assert "Bargains of the week" in shown.content.decode()
        assert "Offers" not in shown.content.decode()
    assert "News" in bare.get(page).content.decode()


def test_a_list_is_left_and_returned_to_and_both_are_kept_in_the_log(bare: Client, page: str, lists: list[str]) -> None:
    answer = bare.post(page, {"shown": lists, "stay": lists[:1]})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}?saved=1")
    row = Suppression.objects.get()
    assert (row.scope, public_ids.encode("list", row.scope_id), row.source) == ("list", lists[1], "preferences")
    assert bare.get(page).content.decode().count(" checked") == 1
    bare.post(page, {"shown": lists, "stay": lists})
    assert not Suppression.objects.exists()
    assert list(SuppressionEvent.objects.order_by("pk").values_list("action", flat=True)) == ["suppressed", "lifted"]


def test_a_list_that_was_not_shown_is_not_left(bare: Client, page: str, lists: list[str]) -> None:
    bare.post(page, {"shown": lists[:1], "stay": lists[:1]})
    bare.post(page, {"shown": ["nonsense"], "stay": ["nonsense"]})
    assert not Suppression.objects.exists()


def test_all_mail_of_the_brand_is_stopped_and_begun_again(bare: Client, page: str, lists: list[str]) -> None:
    bare.post(page, {"stop": "1"})
    assert _scopes() == ["brand"]
    assert "You get no marketing mail" in bare.get(page).content.decode()
    bare.post(page, {"return": "1"})
    assert _scopes() == []


@pytest.mark.parametrize("reason", [Reason.COMPLAINED, Reason.MANUAL, Reason.ERASED, Reason.BOUNCED])
def test_what_was_no_unsubscribe_of_theirs_is_not_lifted_here(
    bare: Client, page: str, brand: Brand, reason: Reason
) -> None:
    suppress_email(
        "ana@example.com", scope=Scope.BRAND, scope_id=brand.pk, reason=reason, source="x", at=timezone.now()
    )
    assert "again</button>" not in bare.get(page).content.decode()
    bare.post(page, {"return": "1"})
    assert Suppression.objects.get().reason == reason


def test_a_link_of_an_address_they_no_longer_have_brings_nothing_back(
    bare: Client, page: str, ana: Contact, lists: list[str]
) -> None:
    bare.post(page, {"stop": "1"})
    Contact.objects.filter(pk=ana.pk).update(email="new@example.com", email_key=address_hash("new@example.com").key)
    bare.post(page, {"return": "1"})
    assert _scopes() == ["brand"]


def test_a_wrong_link_is_told_as_everywhere(bare: Client) -> None:
    answer = bare.post("/u/nonsense/preferences", {"stop": "1"})
    assert answer.status_code == 404
    assert b"open the link in the message again" in answer.content
