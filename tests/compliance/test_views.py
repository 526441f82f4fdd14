"""One-click and the page, as RFC 8058 and STANDARDS A1 have them."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from compliance.models import Brand, Scope, Suppression, SuppressionEvent
from compliance.tokens import read
from config.lib import tokens
from config.lib.addresses import address_hash
from config.lib.tokens import InvalidToken
from segments.models import Contact
from tests.factories.compliance import make_brand, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> Brand:
    return make_brand()


@pytest.fixture
def ana() -> Contact:
    email = "ana@example.com"
    return Contact.objects.create(email=email, email_key=address_hash(email).key)


@pytest.fixture
def link(ana: Contact, brand: Brand) -> str:
    return "/u/" + make_token(ana, brand).seal()


@pytest.fixture
def bare() -> Client:
    """A mail program: no cookies, and the CSRF middleware is on."""
    return Client(enforce_csrf_checks=True)


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_one_click_suppresses_and_answers_200_without_a_redirect(bare: Client, link: str, brand: Brand) -> None:
    answer = bare.post(link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.content, answer.headers.get("Location")) == (200, b"", None)
    suppression = Suppression.objects.get()
    assert (suppression.scope, suppression.scope_id, suppression.reason) == ("brand", brand.pk, "unsubscribed")


def test_one_click_works_as_multipart(bare: Client, link: str) -> None:
    assert bare.post(link, ONE_CLICK).status_code == 200
    assert Suppression.objects.count() == 1


def test_repeating_it_is_one_row_and_200(bare: Client, link: str) -> None:
    for _ in range(3):
        assert bare.post(link, ONE_CLICK).status_code == 200
    assert Suppression.objects.count() == SuppressionEvent.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_changes_nothing(bare: Client, link: str, method: str) -> None:
    for address in (link, f"{link}/confirm"):
        answer = getattr(bare, method)(address)
        assert answer.status_code < 500
    assert getattr(bare, method)(link).status_code in (200, 204)
    assert not Suppression.objects.exists() and not SuppressionEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "List-Unsubscribe=Two-Click",
        "List-Unsubscribe=One-Click&a=b",
        "List-Unsubscribe=One-Click&List-Unsubscribe=One-Click",
        "list-unsubscribe=one-click",
        "token=abc&List-Unsubscribe=One-Click",
    ],
)
def test_any_other_body_is_400_and_changes_nothing(bare: Client, link: str, body: str) -> None:
    assert bare.post(link, body, content_type="application/x-www-form-urlencoded").status_code == 400
    assert not Suppression.objects.exists()


def test_an_unknown_token_is_answered_like_a_known_one(bare: Client, link: str) -> None:
    known = bare.post(link, ONE_CLICK)
    unknown = bare.post("/u/" + tokens.seal("unsubscribe", b"x" * 75), ONE_CLICK)
    foreign = bare.post("/u/nonsense", ONE_CLICK)
    for answer in (unknown, foreign):
        assert (answer.status_code, answer.content) == (known.status_code, known.content)
    assert Suppression.objects.count() == 1


def test_the_page_has_a_button_and_no_script_and_no_address(bare: Client, link: str) -> None:
    page = bare.get(link).content.decode()
    assert "<button" in page and "<script" not in page and "ana@" not in page
    assert f'action="{link}/confirm"' in page


def test_the_button_unsubscribes(bare: Client, link: str) -> None:
    answer = bare.post(f"{link}/confirm")
    assert answer.status_code == 200 and b"Done" in answer.content
    assert Suppression.objects.get().source == "page"


def test_a_list_link_leaves_the_list_and_offers_the_brand(bare: Client, ana: Contact, brand: Brand) -> None:
    link = "/u/" + make_token(ana, brand, scope=Scope.LIST, scope_id=7).seal()
    bare.post(link, ONE_CLICK)
    assert list(Suppression.objects.values_list("scope", "scope_id")) == [("list", 7)]
    bare.post(f"{link}/confirm", {"everything": "1"})
    assert set(Suppression.objects.values_list("scope", "scope_id")) == {("list", 7), ("brand", brand.pk)}


def test_a_wrong_link_is_a_page_that_says_what_to_do(bare: Client) -> None:
    answer = bare.get("/u/nonsense")
    assert answer.status_code == 404 and b"open the link in the message again" in answer.content


@given(position=st.integers(0, 200), letter=st.sampled_from("ABab01-_"))
def test_altering_any_letter_of_a_token_makes_it_unreadable(position: int, letter: str) -> None:
    contact = Contact(pk=5, email="ana@example.com")
    token = make_token(contact, Brand(pk=3)).seal()
    position %= len(token)
    altered = token[:position] + letter + token[position + 1 :]
    if altered == token:
        assert read(altered).contact_id == 5
    else:
        with pytest.raises(InvalidToken):
            read(altered)


def test_old_keys_still_open_links_after_rotation(settings: pytest.FixtureRequest, ana: Contact, brand: Brand) -> None:
    token = make_token(ana, brand)
    sealed = token.seal()
    settings.TOKEN_KEYS = ((9, b"n" * 64), *settings.TOKEN_KEYS)  # type: ignore[attr-defined]
    assert read(sealed) == token
    assert token.seal() != sealed
