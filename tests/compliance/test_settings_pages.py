"""Settings: brands, people, keys, as pages."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from compliance.models import ApiKey, AuditEntry, Brand
from compliance.roles import make_roles
from config.lib import public_ids
from tests.factories.api import person
from tests.factories.compliance import make_brand

pytestmark = pytest.mark.django_db
PERSON = {"username": "zoe", "email": "zoe@acme.example", "roles": ["author"]}


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(person("admin"))
    return client


def _page(kind: str, pk: int) -> str:
    return f"/settings/{ {'brand': 'brands', 'user': 'people'}[kind] }/{public_ids.encode(kind, pk)}"


def test_a_new_person_signs_in_with_the_password_that_is_shown_once(admin: Client) -> None:
    shown = admin.post("/settings/people/new", PERSON).content.decode()
    found = re.search(r"<code>([^<]+)</code>", shown)
    assert found
    assert Client().login(username="zoe", password=found[1])
    assert [group.name for group in User.objects.get(username="zoe").groups.all()] == ["author"]
    assert found[1] not in str(list(AuditEntry.objects.values()))


def test_a_name_that_is_taken_is_told_beside_its_field_and_what_was_typed_is_kept(admin: Client) -> None:
    admin.post("/settings/people/new", PERSON)
    again = admin.post("/settings/people/new", {**PERSON, "username": "ZOE", "first_name": "Zoë"})
    assert again.status_code == 422
    assert "Somebody has this name already" in again.context["form"].errors["username"][0]
    assert 'value="Zoë"' in again.content.decode()


def test_the_last_admin_stays_one(admin: Client) -> None:
    last = User.objects.get()
    refused = admin.post(_page("user", last.pk), {"email": "a@acme.example", "is_active": "on", "roles": ["viewer"]})
    assert refused.status_code == 422
    assert Group.objects.get(name="admin") in last.groups.all()
    make_roles(using="default")
    person("admin")
    assert admin.post(_page("user", last.pk), {"email": "a@acme.example", "is_active": "on"}).status_code == 302


def test_a_brand_is_archived_and_brought_back_by_the_undo(admin: Client) -> None:
    brand = make_brand()
    place = f"{_page('brand', brand.pk)}/archive"
    shown = admin.post(place, follow=True).content.decode()
    assert f'action="{place}"' in shown
    assert Brand.objects.filter(archived_at=None).count() == 0
    admin.post(place)
    assert Brand.objects.filter(archived_at=None).count() == 1
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))[-2:] == [
        "brand_archived", "brand_restored",
    ]  # fmt: skip


def test_nonsense_in_a_brand_is_told_and_nothing_is_written(admin: Client) -> None:
    brand = make_brand()
    answer = admin.post(
        _page("brand", brand.pk),
        {"name": "", "contact_url": "not an address", "utm": "[1", "return_path_domain": "x y"},
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"name", "contact_url", "utm", "return_path_domain"}
    assert Brand.objects.get().name == brand.name


def test_tags_are_written_one_a_line(admin: Client) -> None:
    brand = make_brand()
    given = {"name": brand.name, "utm": "utm_source = news\r\n\r\nutm_campaign={campaign}"}
    admin.post(_page("brand", brand.pk), given)
    assert Brand.objects.get().utm == {"utm_source": "news", "utm_campaign": "{campaign}"}
    assert "utm_source = news" in admin.get(_page("brand", brand.pk)).content.decode()


def test_a_key_is_shown_once_and_kept_as_a_hash(admin: Client) -> None:
    given = {"name": "Shop", "acts_as": "me", "scopes": ["contacts:read"]}
    shown = admin.post("/settings/keys/new", given).content.decode()
    found = re.search(r"<code>(pr_[^<]+)</code>", shown)
    assert found
    assert ApiKey.objects.get().prefix == found[1][:8]
    assert found[1] not in admin.get("/settings/keys").content.decode()


def test_a_program_gets_the_roles_that_were_ticked(admin: Client) -> None:
    make_roles(using="default")
    given = {"name": "Till", "acts_as": "program", "roles": ["author", "viewer"], "scopes": ["contacts:read"]}
    assert "pr_" in admin.post("/settings/keys/new", given).content.decode()
    assert set(ApiKey.objects.get().owner.groups.values_list("name", flat=True)) == {"author", "viewer"}
