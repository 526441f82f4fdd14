"""Write keys under Settings: made, shown once, narrowed, revoked."""

import re

import pytest
from django.test import Client

from compliance.models import AuditEntry
from config.lib import public_ids
from segments.models import WriteKey
from tests.factories import api

pytestmark = pytest.mark.django_db
PLACE = "/settings/write-keys"
ASKED = {
    "name": "Shop",
    "kind": "browser",
    "origins": "https://shop.example\nhttps://shop.example",
    "rate_per_minute": 60,
}


def made(client: Client) -> str:
    page = client.post(f"{PLACE}/new", ASKED).content.decode()
    return re.search(r"pw_[\w-]{20,}", page)[0]  # type: ignore[index]


def test_a_key_is_shown_once_with_the_snippet_and_opens_at_once(admin_client: Client) -> None:
    page = admin_client.post(f"{PLACE}/new", ASKED).content.decode()
    assert "data-key=&quot;pw_" in page
    text = made(admin_client)
    key = WriteKey.objects.latest("pk")
    assert (key.origins, key.rate_per_minute, key.kind) == (["https://shop.example"], 60, "browser")
    one = {"type": "page", "anonymousId": "a", "writeKey": text}
    sent = Client().post("/v1/p", one, content_type="application/json", headers={"Origin": "https://shop.example"})
    assert sent.status_code == 200, sent.content
    assert text not in admin_client.get(PLACE).content.decode()
    assert text not in str(list(AuditEntry.objects.values()))


def test_a_key_is_narrowed_and_revoked(admin_client: Client) -> None:
    text = made(admin_client)
    key = WriteKey.objects.get()
    place = f"{PLACE}/{public_ids.encode('write_key', key.pk)}"
    wrong = admin_client.post(place, {"name": "Shop", "origins": "shop.example", "rate_per_minute": 5})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["origins"])
    assert admin_client.post(place, {"name": "Shop", "origins": "", "rate_per_minute": 5}).status_code == 302
    key.refresh_from_db()
    assert (key.origins, key.rate_per_minute) == ([], 5)
    done = admin_client.post(PLACE, {"action": "revoke", "row": [public_ids.encode("write_key", key.pk)]}, follow=True)
    assert "1 key is revoked." in done.content.decode()
    refused = Client().post("/v1/p", {"anonymousId": "a", "writeKey": text}, content_type="application/json")
    assert refused.status_code == 401
    actions = AuditEntry.objects.filter(object_kind="writekey").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["writekey_created", "writekey_changed", "writekey_revoked"]


def test_only_who_may_keep_keys_sees_them(client: Client) -> None:
    client.force_login(api.person("author"))
    assert client.get(PLACE).status_code == client.get(f"{PLACE}/new").status_code == 403
