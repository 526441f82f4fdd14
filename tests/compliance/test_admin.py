"""The admin of compliance."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from compliance.models import Brand, Sender, Suppression, SuppressionEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("boss"))
    return client


def _brand(from_email: str, return_path: str = "") -> dict[str, str]:
    return {
        "name": "Acme", "return_path_domain": return_path,
        "senders-TOTAL_FORMS": "1", "senders-INITIAL_FORMS": "0",
        "senders-0-from_name": "Acme", "senders-0-from_email": from_email,
    }  # fmt: skip


def test_a_sender_typed_into_the_brand_page_is_brought_to_its_normal_form(boss: Client) -> None:
    assert boss.post("/admin/compliance/brand/add/", _brand("News@ACME.example")).status_code == 302
    assert Sender.objects.get().from_email == "news@acme.example"


@pytest.mark.parametrize("address", ["nonsense", "jürgen@acme.example"])
def test_a_sender_that_cannot_be_written_is_refused(boss: Client, address: str) -> None:
    assert boss.post("/admin/compliance/brand/add/", _brand(address)).status_code == 200
    assert not Brand.objects.exists()


def test_a_suppression_is_laid_by_address_and_found_again_by_it(boss: Client) -> None:
    form = {"email": "Ben@example.com", "scope": "global", "scope_id": "0", "note": "by phone"}
    answer = boss.post("/admin/compliance/suppression/add/", form, follow=True)
    assert b"Nothing more goes to this address" in answer.content
    assert SuppressionEvent.objects.get().note == "by phone"
    for words, found in [("ben@example.com", 1), ("ana@example.com", 0), ("nonsense", 0)]:
        page = boss.get("/admin/compliance/suppression/", {"q": words})
        assert page.context["cl"].result_count == found


def test_a_scope_that_does_not_fit_its_id_is_refused(boss: Client) -> None:
    form = {"email": "ben@example.com", "scope": "brand", "scope_id": "0"}
    assert boss.post("/admin/compliance/suppression/add/", form).status_code == 200
    assert not Suppression.objects.exists()


def test_the_log_is_only_read(boss: Client) -> None:
    assert boss.get("/admin/compliance/suppressionevent/").status_code == 200
    assert boss.get("/admin/compliance/suppressionevent/add/").status_code == 403
