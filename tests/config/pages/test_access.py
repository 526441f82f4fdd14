"""Who may open which page: default deny."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config.page_list import PAGES, addresses
from config.pages.access import SIGNED_IN
from config.pages.views import Page
from tests.factories.api import person
from tests.factories.compliance import make_brand, make_sender

pytestmark = pytest.mark.django_db


def _classes(patterns: list[URLPattern | URLResolver]) -> Iterator[type]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _classes(one.url_patterns)
        elif view := getattr(one.callback, "view_class", None):
            yield view


def _pages() -> list[type[Page]]:
    return [view for view in _classes(get_resolver().url_patterns) if issubclass(view, Page)]


def test_every_page_names_what_each_of_its_methods_needs() -> None:
    silent = [
        f"{view.__module__}.{view.__name__}.{method}"
        for view in _pages()
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method) and method.upper() not in view.needs and getattr(view, "bulk", True) != ()
    ]
    assert silent == []


@pytest.fixture
def rows() -> None:
    make_sender(make_brand())


@pytest.mark.usefixtures("rows")
def test_a_stranger_is_led_to_the_sign_in_and_back() -> None:
    for entry, url in addresses():
        answer = Client().get(url)
        if entry.signed_in:
            assert answer.status_code == 302, url
            assert answer.headers["Location"].startswith("/sign-in?next=/"), url
        else:
            assert answer.status_code == 200


@pytest.mark.usefixtures("rows")
def test_somebody_without_a_role_sees_what_is_everybodys_and_nothing_else() -> None:
    client = Client()
    client.force_login(person("nobody"))
    for entry, url in addresses():
        if entry.name in ("sign-in", "home", "settings-password"):
            continue
        assert client.get(url).status_code == 403, url


def test_names_of_pages_are_unique() -> None:
    names = [entry.name for entry in PAGES]
    assert len(set(names)) == len(names)


def test_everybodys_pages_are_few() -> None:
    """A page that asks for nothing but a sign-in shows nothing that a role guards; a new one is looked at here."""
    open_to_all = {view.__name__ for view in _pages() if SIGNED_IN in view.needs.values()}
    assert open_to_all == {"Home", "Search", "Password", "Demo"}


def test_the_rail_shows_what_somebody_may_open(admin_user: User) -> None:
    nobody, admin = Client(), Client()
    nobody.force_login(person("nobody"))
    admin.force_login(admin_user)
    assert b"API keys" not in nobody.get("/settings/password").content
    assert b"API keys" in admin.get("/settings/password").content


def test_a_page_that_is_not_there_says_so_with_an_id(admin_client: Client) -> None:
    answer = admin_client.get("/settings/brands/nothing", headers={"X-Request-Id": "abc123"})
    assert answer.status_code == 404
    assert b"abc123" in answer.content
    assert b"There is nothing here" in answer.content
