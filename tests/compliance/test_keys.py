"""Keys of the API in the hands of operators: made once, shown once, revoked."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from compliance.models import ApiKey, AuditEntry
from compliance.services.keys import digest_of
from config.lib.errors import Invalid
from tests.factories.api import Caller, caller, person

pytestmark = pytest.mark.django_db


def run(*words: str, **options: Any) -> str:
    out = StringIO()
    call_command("api_key", *words, stdout=out, stderr=StringIO(), **options)
    return out.getvalue().strip()


def test_the_command_makes_a_program_with_a_role_and_revokes_its_key() -> None:
    person("author")  # makes the roles
    text = run("create", "CRM", "--role", "author")
    key = ApiKey.objects.get()
    assert bytes(key.digest) == digest_of(text)
    assert not key.owner.has_usable_password()
    program = Caller(key, text, Client())
    assert program.get("segments").status_code == 200
    assert program.key.prefix in run("list")
    assert "Revoked" in run("revoke", key.prefix)
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["apikey_created", "apikey_revoked"]
    assert program.get("segments").status_code == 401


def test_the_command_says_what_is_wrong() -> None:
    with pytest.raises(CommandError, match="either --role"):
        run("create", "CRM")
    with pytest.raises(CommandError, match="no person"):
        run("create", "CRM", "--user", "nobody")
    with pytest.raises(CommandError, match="0 keys"):
        run("revoke", "pr_none")


def test_the_page_shows_a_key_once(client: Client) -> None:
    admin = person("admin")
    client.force_login(admin)
    answer = client.post(
        reverse("admin:compliance_apikey_add"),
        {"name": "CRM", "owner": admin.pk, "scopes": ["contacts:read"]},
        follow=True,
    )
    key = ApiKey.objects.get()
    shown = [word for word in answer.content.decode().split() if word.startswith("pr_")]
    assert any(bytes(key.digest) == digest_of(word.split("<")[0]) for word in shown)
    assert key.prefix in client.get(reverse("admin:compliance_apikey_changelist")).content.decode()
    client.post(
        reverse("admin:compliance_apikey_changelist"), {"action": "revoke", "_selected_action": [key.pk]}, follow=True
    )
    key.refresh_from_db()
    assert key.revoked_at


def test_an_admin_makes_no_key_of_a_superuser(client: Client, admin_user: Any) -> None:
    client.force_login(person("admin"))
    fields = {"name": "CRM", "owner": admin_user.pk, "scopes": ["contacts:read"]}
    assert client.post(reverse("admin:compliance_apikey_add"), fields).status_code == 200
    assert not ApiKey.objects.exists()


def test_a_key_needs_scopes_that_exist() -> None:
    with pytest.raises(Invalid, match="nonsense"):
        caller(scopes=["nonsense"])


def test_reading_the_audit_log_is_a_permission(client: Client) -> None:
    AuditEntry.objects.create(action="segment_created", object_kind="segment", object_id=1)
    for role, status in (("approver", 403), ("admin", 200)):
        client.force_login(person(role))
        assert client.get(reverse("admin:compliance_auditentry_changelist")).status_code == status
