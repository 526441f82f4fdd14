"""Sign-ins and writes in the admin are in the audit log, without a value of a person."""

import pytest
from django.test import Client
from django.urls import reverse

from compliance.models import AuditEntry
from segments.models import ContactList
from tests.factories.api import person

pytestmark = pytest.mark.django_db


def test_sign_ins_are_noted_and_failed_ones_without_what_was_typed(client: Client) -> None:
    ana = person("viewer")
    ana.set_password("correct horse")
    ana.save()
    for password in ("wrong", "correct horse"):
        client.post(reverse("admin:login"), {"username": ana.username, "password": password})
    failed, done = AuditEntry.objects.order_by("pk")
    assert (failed.action, failed.actor_id, failed.ip) == ("sign_in_failed", None, "127.0.0.1")
    assert (done.action, done.actor_id) == ("signed_in", ana.pk)
    assert done.request_id
    assert ana.username not in str(AuditEntry.objects.filter(pk=failed.pk).values())


def test_a_write_in_the_admin_is_noted_with_its_request(client: Client) -> None:
    admin = person("admin")
    client.force_login(admin)
    client.post(
        reverse("admin:segments_contactlist_add"), {"name": "Friends of Ana"}, headers={"X-Request-Id": "abc-2"}
    )
    made = ContactList.objects.get()
    entry = AuditEntry.objects.get(action="contactlist_created")
    assert (entry.actor_id, entry.object_id, entry.request_id) == (admin.pk, made.pk, "abc-2")
    assert "Ana" not in str(entry.changes)
