"""Home: what it shows, with how many questions."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from analytics import overview
from campaigns.models import Campaign
from delivery.models import Breaker, DeadLetter, ProviderAccount
from tests.factories.api import person
from tests.factories.compliance import make_brand

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def test_an_empty_installation_is_led_step_by_step(admin_client: Client) -> None:
    shown = admin_client.get("/")
    assert [step["done"] for step in shown.context["steps"]] == [False] * 5
    assert "Load demo data" in admin_client.get("/demo").content.decode()


def test_demo_data_are_offered_to_nobody_who_has_data(admin_client: Client) -> None:
    ProviderAccount.objects.create(name="Relay", kind="smtp", config={"host": "localhost"})
    assert "Load demo data" in admin_client.get("/demo").content.decode()
    make_brand()
    assert admin_client.get("/demo").content == b""
    assert admin_client.post("/demo", headers={"HX-Request": "true"}).status_code == 409


def test_what_waits_for_a_person_is_named_with_its_reason(admin_client: Client) -> None:
    account = ProviderAccount.objects.create(name="Relay", kind="smtp", config={"host": "localhost"})
    Breaker.objects.create(account=account, state=Breaker.State.OPEN, reason="connection refused")
    DeadLetter.objects.create(message_id=1, order_id=1, campaign_id=1, contact_id=1, reason="no_reply")
    Campaign.objects.create(name="Spring", state="paused", held_reason="12 % of its mails bounced", launched_at=NOON)
    found = overview.attention(at=NOON)
    assert [one.where for one in found] == ["accounts", "dead_letters", "campaign"]
    shown = admin_client.get("/").content.decode()
    assert "connection refused" in shown and "12 % of its mails bounced" in shown


def test_the_days_are_those_of_the_reader_over_a_change_of_clocks() -> None:
    days = overview.last_days(at=datetime(2026, 3, 29, 22, 30, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"))
    assert [str(day.day) for day in days] == [f"2026-03-{day}" for day in range(24, 31)]


def test_somebody_without_a_role_sees_no_figures() -> None:
    client = Client()
    client.force_login(person("nobody"))
    assert "You have no role yet" in client.get("/").content.decode()
    assert client.get("/now").status_code == 403
