"""Contacts in the search over everything: by name or address, never with an address in an address."""

import pytest
from django.test import Client

from config.lib import public_ids
from tests.factories.api import person
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db


def test_somebody_is_found_by_name_or_address_and_only_when_it_is_posted(admin_client: Client) -> None:
    ana = contact(email="ana.silva@example.test", first_name="Ana", last_name="Silva")
    place = f"/audience/contacts/{public_ids.encode('contact', ana.pk)}"
    for words in ("ana.si", "Silva", "ana silva", "ana.silva@example.test"):
        assert place in admin_client.post("/search", {"q": words}).content.decode()
    assert place not in admin_client.get("/search", {"q": "Silva"}).content.decode()
    assert place not in admin_client.post("/search", {"q": "a"}).content.decode()


def test_who_may_not_see_people_finds_none(client: Client) -> None:
    contact(email="ana.silva@example.test", first_name="Ana")
    client.force_login(person("nobody"))
    assert "silva" not in client.post("/search", {"q": "ana"}).content.decode()
