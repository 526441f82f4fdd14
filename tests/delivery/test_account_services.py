"""Accounts as people edit them: secrets go in and never come out, and are sealed anew when keys change."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from compliance.models import AuditEntry
from config.doctor import Level, stored_secrets
from config.lib import public_ids
from delivery.accounts import close_all, open_secret
from delivery.accounts.seals import key_id
from delivery.models import Breaker, ProviderAccount
from delivery.services.accounts import rotate_secrets, save_account
from tests.factories.api import Caller, caller
from tests.factories.compliance import make_brand, make_sender
from tests.factories.delivery import make_version
from tests.support.fake_esps import KEY, FakeEsps

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-that-nobody-sees"
POSTMARK = {"name": "PM", "kind": "postmark", "secret": SECRET}


@pytest.fixture
def admin() -> Caller:
    return caller("admin")


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    close_all()


def _new_key(settings: Settings) -> None:
    settings.TOKEN_KEYS = ((200, secrets.token_bytes(64)), *settings.TOKEN_KEYS)


def test_a_secret_goes_in_and_never_comes_out(admin: Caller) -> None:
    answer = admin.post("provider-accounts", POSTMARK)
    assert answer.status_code == 201, answer.json()
    row = ProviderAccount.objects.get()
    assert open_secret(row) == SECRET
    path = f"provider-accounts/{answer.json()['provider_account_id']}"
    changed = admin.patch(path, {"weight": 3, "secret": f"{SECRET}2"})
    seen = f"{answer.json()} {admin.get(path).json()} {changed.json()} {admin.get('provider-accounts').json()}"
    assert changed.json()["has_secret"] is True
    assert SECRET not in seen
    assert row.sealed_secret not in seen
    assert SECRET not in str(list(AuditEntry.objects.values()))
    assert SECRET not in f"{row!r} {vars(row)}"
    assert set(AuditEntry.objects.latest("pk").changes) == {"weight", "secret"}


def test_a_secret_among_the_settings_is_refused(admin: Caller) -> None:
    answer = admin.post("provider-accounts", {**POSTMARK, "config": {"server_token": SECRET}})
    assert answer.status_code == 422
    assert SECRET not in answer.content.decode()
    assert answer.json()["errors"][0]["pointer"] == "/config/server_token"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "pigeon"}, "/kind"),
        ({"kind": "mailgun"}, "/config/domain"),
        ({"kind": "mailgun", "config": {"domain": "mg.acme.test", "region": "http://10.0.0.1"}}, "/config"),
        ({"kind": "mailgun", "config": {"domain": "mg.acme.test", "api_url": "http://10.0.0.1"}}, "/config/api_url"),
        ({"kind": "ses", "config": {"region": "x@10.0.0.1/", "access_key_id": "A"}}, "/config"),
        ({"brand_ids": ["11111111111"]}, "/brand_ids"),
    ],
)
def test_what_cannot_stand_is_named(admin: Caller, body: dict[str, Any], pointer: str) -> None:
    answer = admin.post("provider-accounts", {**POSTMARK, **body})
    assert answer.status_code == 422, answer.json()
    assert pointer in {error["pointer"].rsplit("/0", 1)[0] for error in answer.json()["errors"]}
    assert not ProviderAccount.objects.exists()


def test_a_breaker_is_shown_and_closed_by_hand(admin: Caller) -> None:
    row = save_account(ProviderAccount(name="PM", kind="postmark"), {}, secret=SECRET)
    Breaker.objects.create(account=row, state="open", reason="down", failures=9, retry_at=timezone.now())
    path = f"provider-accounts/{public_ids.encode('provider_account', row.pk)}"
    assert admin.get(path).json()["breaker"]["state"] == "open"
    assert admin.post(f"{path}/close-breaker", {}).json()["breaker"]["state"] == "closed"


def test_routing_is_edited(admin: Caller) -> None:
    brand = public_ids.encode("brand", make_brand().pk)
    body = {**POSTMARK, "lanes": ["bulk"], "brand_ids": [brand], "cost_per_message": "0.000400", "priority": 5}
    shown = admin.post("provider-accounts", body).json()
    assert {name: shown[name] for name in ("lanes", "brand_ids", "cost_per_message", "priority")} == {
        name: body[name] for name in ("lanes", "brand_ids", "cost_per_message", "priority")
    }


def test_a_rotation_seals_all_anew_and_can_be_repeated(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [save_account(ProviderAccount(name=f"PM{n}", kind="postmark"), {}, secret=f"{SECRET}{n}") for n in range(3)]
    ProviderAccount.objects.create(name="box", kind="mailbox")
    assert [finding.level for finding in stored_secrets()] == [Level.OK]
    _new_key(settings)
    (finding,) = stored_secrets()
    assert finding.level is Level.WARN
    assert "3 of 3" in finding.said
    call_command("rotate_secrets")
    assert "3 sealed anew, 0 under the newest key already." in capsys.readouterr().out
    call_command("rotate_secrets")
    assert "0 sealed anew, 3 under the newest key already." in capsys.readouterr().out
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]  # the old key can go now
    for n, row in enumerate(rows):
        row.refresh_from_db()
        assert open_secret(row) == f"{SECRET}{n}"
        assert key_id(row.sealed_secret) == 200
    assert [finding.level for finding in stored_secrets()] == [Level.OK]


def test_a_secret_whose_key_is_gone_is_told_and_holds_back_no_other(settings: Settings) -> None:
    save_account(ProviderAccount(name="Old", kind="postmark"), {}, secret=SECRET)
    _new_key(settings)
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    save_account(ProviderAccount(name="New", kind="postmark"), {}, secret=SECRET)
    assert rotate_secrets().lost == ["Old"]
    with pytest.raises(CommandError, match="Old"):
        call_command("rotate_secrets")
    assert [finding.level for finding in stored_secrets()] == [Level.FAIL]


# The admin


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("boss", email="boss@example.com"))
    return client


def test_an_esp_is_added_and_tried_on_the_admin_page(boss: Client, settings: Settings) -> None:
    version = make_version()
    version.template.current = version
    version.template.save()
    make_sender(make_brand())
    form = {
        "name": "PM", "kind": "postmark", "channel": "email", "config": "{}", "secret": KEY, "priority": "1",
        "weight": "1", "cost_per_message": "0", "active": "on",
    }  # fmt: skip
    assert boss.post("/admin/delivery/provideraccount/add/", form).status_code == 302
    row = ProviderAccount.objects.get()
    assert open_secret(row) == KEY
    with FakeEsps() as fake:
        settings.PROVIDER_API_URLS = fake.urls()
        act = {"action": "test_through", "_selected_action": [str(row.pk)]}
        page = boss.post("/admin/delivery/provideraccount/", act, follow=True).content.decode()
        assert [one.recipient for one in fake.accepted()] == ["boss@example.com"]
    assert "PM: sent to boss@example.com." in page
    assert KEY not in page


def test_the_admin_page_shows_breakers_and_closes_them(boss: Client) -> None:
    row = ProviderAccount.objects.create(name="box", kind="mailbox")
    Breaker.objects.create(account=row, state="open", reason="nobody there", failures=9, retry_at=timezone.now())
    assert b"nobody there" in boss.get("/admin/delivery/provideraccount/").content
    boss.post("/admin/delivery/provideraccount/", {"action": "close_breakers", "_selected_action": [str(row.pk)]})
    assert Breaker.objects.get().state == "closed"
