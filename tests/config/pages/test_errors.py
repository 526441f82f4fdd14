"""What went wrong, in words: a form that is too large gives back what was typed, with and without script."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
LONG = "word " * 600_000  # 3 MB


@pytest.mark.parametrize("path", ["/campaigns/new", "/audience/lists/new"])
def test_what_was_typed_is_given_back_but_no_password(admin_client: Client, path: str) -> None:
    body = f"name={LONG.replace(' ', '+')}&password=never+shown"
    answer = admin_client.post(path, body, content_type="application/x-www-form-urlencoded")
    page = answer.content.decode()
    assert answer.status_code == 413
    assert "This is too long" in page
    assert LONG in page
    assert "never shown" not in page


def test_a_piece_of_a_page_gets_it_as_a_toast(admin_client: Client) -> None:
    answer = admin_client.post(
        "/campaigns/new", "name=" + "x" * 3_000_000, content_type="application/x-www-form-urlencoded",
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert answer.status_code == 413
    assert "make it shorter" in answer.headers["HX-Trigger"]
