"""Provider accounts as pages."""

import pytest
from django.test import Client

from config.lib import public_ids
from delivery.accounts import open_secret
from delivery.models import Breaker, ProviderAccount

pytestmark = pytest.mark.django_db
GIVEN = {
    "name": "Relay", "priority": "10", "weight": "1", "cost_per_message": "0", "active": "on",
    "config-host": "mail.acme.example", "config-port": "587", "config-security": "starttls", "config-verify_tls": "on",
    "secret": "let me in",
}  # fmt: skip


def test_an_account_is_made_with_the_settings_of_its_kind_and_its_secret_sealed(admin_client: Client) -> None:
    made = admin_client.post("/settings/providers/new/smtp", GIVEN)
    assert made.status_code == 302, made.context["form"].errors
    row = ProviderAccount.objects.get()
    assert (row.config["host"], row.config["port"], row.config["security"]) == ("mail.acme.example", 587, "starttls")
    assert open_secret(row) == "let me in"
    assert "let me in" not in admin_client.get(made.headers["Location"]).content.decode()
    kept = admin_client.post(made.headers["Location"], {**GIVEN, "secret": "", "config-port": "25"})
    assert kept.status_code == 302
    row.refresh_from_db()
    assert (open_secret(row), row.config["port"]) == ("let me in", 25)


@pytest.mark.parametrize(
    ("field", "value"),
    [("config-host", ""), ("config-port", "many"), ("config-security", "magic"), ("weight", "0"), ("priority", "-1")],
)
def test_nonsense_is_told_beside_its_field(admin_client: Client, field: str, value: str) -> None:
    answer = admin_client.post("/settings/providers/new/smtp", {**GIVEN, field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not ProviderAccount.objects.exists()


def test_an_account_that_rests_is_used_again_when_somebody_says_so(admin_client: Client) -> None:
    row = ProviderAccount.objects.create(name="Relay", kind="smtp", config={"host": "localhost"})
    Breaker.objects.create(account=row, state=Breaker.State.OPEN, reason="connection refused")
    place = f"/settings/providers/{public_ids.encode('provider_account', row.pk)}"
    assert "connection refused" in admin_client.get(place).content.decode()
    admin_client.post(f"{place}/use-again")
    assert Breaker.objects.get().state == Breaker.State.CLOSED


def test_a_kind_that_is_not_there_is_no_page(admin_client: Client) -> None:
    assert admin_client.get("/settings/providers/new/pigeon").status_code == 404
