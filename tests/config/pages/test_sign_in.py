"""Signing in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.pages.sign_in import GUESSES
from tests.factories.api import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def somebody() -> User:
    made = person("viewer")
    made.set_password("right")
    made.save()
    return made


def _try(client: Client, name: str, password: str, **more: str) -> int:
    return client.post("/sign-in", {"username": name, "password": password, **more}).status_code


def test_after_so_many_wrong_passwords_the_right_one_must_wait_too(somebody: User) -> None:
    client = Client()
    for _ in range(GUESSES):
        assert _try(client, somebody.username, "wrong") == 200
    answer = client.post("/sign-in", {"username": somebody.username.upper(), "password": "right"})
    assert b"Too many wrong passwords" in answer.content
    assert _try(Client(REMOTE_ADDR="198.51.100.7"), somebody.username, "right") == 200  # the name waits, from anywhere
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_leads_nowhere_but_here(somebody: User, to: str) -> None:
    answer = Client().post("/sign-in", {"username": somebody.username, "password": "right", "next": to})
    assert answer.headers["Location"] == "/"


def test_signing_out_is_asked_for_by_post(somebody: User) -> None:
    client = Client()
    client.force_login(somebody)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").headers["Location"] == "/sign-in"


def test_htmx_is_told_where_to_sign_in_and_a_sent_form_comes_back_to_its_page() -> None:
    piece = Client().get("/settings/keys", headers={"HX-Request": "true"})
    assert (piece.status_code, piece.headers["X-Sign-In"]) == (401, "/sign-in")
    sent = Client().post("/settings/keys/new", headers={"Referer": "http://testserver/settings/keys/new"})
    assert sent.headers["Location"] == "/sign-in?next=/settings/keys/new&kept=1"
    foreign = Client().post("/settings/keys/new", headers={"Referer": "https://evil.example/"})
    assert foreign.headers["Location"] == "/sign-in?next=/&kept=1"
