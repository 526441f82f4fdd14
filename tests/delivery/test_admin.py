"""The admin of delivery: accounts are edited, their secrets never shown; what the product writes is only read."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from delivery.accounts import open_secret
from delivery.models import ProviderAccount
from tests.factories.delivery import make_order, make_people, plan

pytestmark = pytest.mark.django_db
CONFIG = '{"host": "mail.example", "security": "tls", "username": "acme"}'


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("boss"))
    return client


def _account(**changed: str) -> dict[str, str]:
    return {
        "name": "Relay", "kind": "smtp", "channel": "email", "config": CONFIG, "secret": "s3cret", "priority": "100",
        "weight": "1", "cost_per_message": "0",
        "active": "on", **changed,
    }  # fmt: skip


def test_a_password_is_sealed_and_never_shown(boss: Client) -> None:
    assert boss.post("/admin/delivery/provideraccount/add/", _account()).status_code == 302
    row = ProviderAccount.objects.get()
    assert "s3cret" not in row.sealed_secret
    assert open_secret(row) == "s3cret"
    page = boss.get(f"/admin/delivery/provideraccount/{row.pk}/change/").content.decode()
    assert "s3cret" not in page
    assert row.sealed_secret not in page


def test_a_blank_password_keeps_the_one_there_is(boss: Client) -> None:
    boss.post("/admin/delivery/provideraccount/add/", _account())
    row = ProviderAccount.objects.get()
    boss.post(f"/admin/delivery/provideraccount/{row.pk}/change/", _account(secret="", name="Other"))
    row.refresh_from_db()
    assert (row.name, open_secret(row)) == ("Other", "s3cret")


def test_wrong_settings_are_told_at_once(boss: Client) -> None:
    answer = boss.post("/admin/delivery/provideraccount/add/", _account(config='{"port": 25}'))
    assert answer.status_code == 200
    assert b"is required" in answer.content
    assert not ProviderAccount.objects.exists()


@pytest.mark.parametrize("table", ["sendorder", "message", "deliveryevent"])
def test_what_the_product_writes_is_only_read(boss: Client, table: str) -> None:
    order = make_order()
    plan(order, make_people(2))
    assert boss.get(f"/admin/delivery/{table}/").status_code == 200
    assert boss.get(f"/admin/delivery/{table}/?q={order.campaign_id}").status_code == 200
    assert boss.get(f"/admin/delivery/{table}/add/").status_code == 403
