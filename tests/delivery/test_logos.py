"""The logo of a brand: an asset, on its public pages and in mails; and images by the address of the brand."""

import io
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from compliance.models import Brand
from config.lib import public_ids
from delivery.logos import set_logo
from delivery.preparing import brand_fields
from templates.errors import AssetInUse
from templates.models import Asset
from templates.rendering import CompiledVersion, Links, load
from templates.services.assets import delete_asset
from tests.factories import campaigns
from tests.factories.api import person
from tests.factories.compliance import make_brand

pytestmark = pytest.mark.django_db


def _image(width: int = 900) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, 200), "#1d5bbf").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def brand() -> Brand:
    return make_brand("Acme")


def _post(client: Client, brand: Brand, **given: object) -> str:
    at = f"/content/brands/{public_ids.encode('brand', brand.pk)}/logo"
    return client.post(at, given, follow=True).content.decode()


def test_an_uploaded_image_becomes_the_logo_no_wider_than_a_mail(client: Client, brand: Brand) -> None:
    client.force_login(person("admin"))
    page = _post(client, brand, logo=SimpleUploadedFile("acme.png", _image(), "image/png"))
    brand.refresh_from_db()
    assert brand.logo.endswith("-600.png")
    assert f'src="/i/{brand.logo}"' in page
    served: Any = client.get(f"/i/{brand.logo}")
    assert b"".join(served.streaming_content).startswith(b"\x89PNG")
    assert brand_fields(brand)["logo"].endswith(f"/i/{brand.logo}")
    _post(client, brand, remove="1")
    brand.refresh_from_db()
    assert brand_fields(brand)["logo"] == ""


def test_what_is_no_image_is_refused_in_words_and_changes_nothing(client: Client, brand: Brand) -> None:
    client.force_login(person("admin"))
    assert "image" in _post(client, brand, logo=SimpleUploadedFile("acme.png", b"no image", "image/png"))
    assert "Choose an image first" in _post(client, brand)
    brand.refresh_from_db()
    assert brand.logo == ""


def test_who_may_not_change_brands_sets_no_logo(client: Client, brand: Brand) -> None:
    client.force_login(person("viewer"))
    at = f"/content/brands/{public_ids.encode('brand', brand.pk)}/logo"
    assert client.post(at, {"remove": "1"}).status_code == 403


def test_the_image_of_a_logo_is_not_deleted(brand: Brand) -> None:
    set_logo(brand, file=io.BytesIO(_image()), name="acme.png", by=person("admin"))
    with pytest.raises(AssetInUse):
        delete_asset(Asset.objects.get())


def test_images_stand_below_the_address_of_the_brand_that_writes() -> None:
    name = f"{'0' * 32}-600.png"
    base = settings.BASE_URL
    template = campaigns.template(f'<p><img src="{base}/i/{name}" alt=""> {campaigns.BODY}</p>')
    ours, theirs = load(template.current_id or 0), load(template.current_id or 0, images_at="https://mail.acme.example")
    assert f"{base}/i/{name}" in _html(ours)
    assert f"https://mail.acme.example/i/{name}" in _html(theirs)


def _html(version: CompiledVersion) -> str:
    brand = {"name": "", "legal_name": "", "postal_address": "x", "logo": ""}
    return version.render(fields={}, language="en", brand=brand, links=Links("https://x.example/u")).html
