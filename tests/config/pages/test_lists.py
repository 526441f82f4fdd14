"""Lists by their query string, with few queries."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from compliance.models import ApiKey
from compliance.services.keys import create_key
from config.lib import public_ids

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(admin_user: User) -> list[ApiKey]:
    return [create_key(name=f"Key {n}", owner=admin_user, scopes=["contacts:read"])[0] for n in range(60)]


def test_a_list_asks_few_questions_whatever_it_shows(
    admin_client: Client, keys: list[ApiKey], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # session, person, rows, count
        page = admin_client.get("/settings/keys").content.decode()
    assert page.count("data-tick aria-label") == 50
    assert "60 keys" in page


def test_filters_sorting_and_pages_go_together(admin_client: Client, keys: list[ApiKey]) -> None:
    first = admin_client.get("/settings/keys?q=Key&sort=name")
    lines = [line.row.name for line in first.context["lines"]]
    assert lines == sorted(key.name for key in keys)[:50]
    after = first.context["slice"].after
    rest = [
        line.row.name
        for line in admin_client.get("/settings/keys", {"q": "Key", "sort": "name", "after": after}).context["lines"]
    ]
    assert lines + rest == sorted(key.name for key in keys)
    assert [chip.words for chip in first.context["page"].chips] == ["Key"]


@pytest.mark.parametrize(
    "query", ["sort=nonsense", "after=x", "before=%00", "state=nonsense", "q=%00%27--", "columns=x"]
)
def test_nonsense_in_the_query_string_shows_the_list(admin_client: Client, keys: list[ApiKey], query: str) -> None:
    assert admin_client.get(f"/settings/keys?{query}", follow=True).status_code == 200


def test_the_columns_chosen_are_remembered(admin_client: Client, keys: list[ApiKey]) -> None:
    answer = admin_client.get("/settings/keys?q=Key&columns=name&columns=owner&columns=nonsense")
    assert answer.headers["Location"] == "/settings/keys?q=Key"
    shown = admin_client.get("/settings/keys").context["page"].shown_columns
    assert [column.key for column in shown] == ["name", "owner"]


def test_what_is_done_to_many_reaches_those_that_are_ticked_or_all_that_fit(
    admin_client: Client, keys: list[ApiKey]
) -> None:
    ticked = [public_ids.encode("api_key", key.pk) for key in keys[:2]]
    admin_client.post("/settings/keys", {"action": "revoke", "row": ticked})
    assert ApiKey.objects.exclude(revoked_at=None).count() == 2
    admin_client.post("/settings/keys?q=Key+1", {"action": "revoke", "everything": "1", "row": ticked})
    assert set(ApiKey.objects.exclude(revoked_at=None).values_list("name", flat=True)) == {
        "Key 0", "Key 1", *(f"Key 1{n}" for n in range(10)),
    }  # fmt: skip


def test_an_action_that_is_not_offered_is_not_done(admin_client: Client, keys: list[ApiKey]) -> None:
    assert admin_client.post("/settings/keys", {"action": "delete", "row": "x"}).status_code == 404
    assert admin_client.post("/settings/keys", {"action": "revoke"}, follow=True).status_code == 200
    assert not ApiKey.objects.exclude(revoked_at=None).exists()


def test_an_empty_list_says_what_would_be_there(admin_client: Client) -> None:
    assert "No keys yet" in admin_client.get("/settings/keys").content.decode()
    assert "Nothing fits" in admin_client.get("/settings/keys?q=x").content.decode()
