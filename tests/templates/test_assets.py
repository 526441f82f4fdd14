"""Images that mails show: kept once, served to anybody, inert, and for ever where a mail may show them."""

import io

import pytest
from django.test import Client
from pytest_django import Settings

from templates import selectors, services
from templates.errors import AssetInUse, BadImage
from templates.models import Asset
from tests.factories.templates import html, make_template
from tests.templates.test_images import encoded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def upload(file: io.BytesIO | None = None, name: str = "sea.jpg") -> Asset:
    return services.upload_asset(file=file or encoded("JPEG", (800, 400)), name=name, by=None)


def status(client: Client, name: str) -> int:
    answer = client.head(f"/i/{name}")
    answer.close()
    return int(answer.status_code)


def test_an_image_is_served_to_anybody_and_kept_by_every_cache(client: Client) -> None:
    asset = upload()
    files = list(asset.files.all())
    assert [file.width for file in files] == [320, 600, 800]
    for file in files:
        answer = client.get(f"/i/{file.name}")
        body = answer.getvalue()
        assert (answer.status_code, len(body)) == (200, file.size)
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert not answer.cookies
    again = client.get(f"/i/{files[0].name}", headers={"If-None-Match": answer["ETag"].replace("800", "320")})
    assert (again.status_code, again.content) == (304, b"")
    assert status(client, files[0].name) == 200
    assert client.post(f"/i/{files[0].name}").status_code == 405


@pytest.mark.parametrize(
    "path",
    ["../secrets", "..%2f..%2fsecrets", "0" * 32 + "-600.png/../x", "0" * 32 + "-600.svg", "0" * 32 + "-600.png"],
)
def test_no_other_file_can_be_reached(client: Client, path: str) -> None:
    assert client.get(f"/i/{path}").status_code == 404


def test_the_same_image_is_kept_once_and_offered_again() -> None:
    file = encoded("PNG", (50, 50))
    asset = upload(file, "one.png")
    services.archive_asset(asset)
    file.seek(0)
    again = upload(file, "..\\..\\two.png")
    assert (again, again.name, Asset.objects.count()) == (asset, "one.png", 1)
    assert again.archived_at is None


def test_a_name_is_only_a_name() -> None:
    assert upload(name="../../etc/pass<wd>.png").name == "pass<wd>.png"
    assert upload(encoded("PNG", (9, 9)), "").name == "image"


def test_what_is_too_large_is_refused_before_it_is_read(settings: Settings) -> None:
    settings.ASSET_MAX_BYTES = 1000
    with pytest.raises(BadImage, match="1,000 may be"):
        upload()
    assert not Asset.objects.exists()


def test_an_image_in_use_is_put_away_but_stays(client: Client) -> None:
    asset = upload()
    file = asset.files.all()[0]
    template = make_template(html(f"<img alt='' src='https://acme.test/i/{file.name}'>"))
    assert selectors.asset_uses(asset) == [template]
    services.save_version(template, contents=[html("without")], by=None)
    assert selectors.asset_uses(asset) == []
    with pytest.raises(AssetInUse):  # a mail of version 1 may still be opened
        services.delete_asset(asset)
    services.archive_asset(asset)
    assert status(client, file.name) == 200


def test_an_image_in_a_shared_block_is_in_use_where_the_block_is() -> None:
    asset = upload()
    services.create_block(name="logo", source=f"<img alt='' src='https://acme.test/i/{asset.digest}-600.jpg'>", by=None)
    assert selectors.asset_ever_used(asset)
    template = make_template(html("{% render 'logo' %}"))
    assert selectors.asset_uses(asset) == [template]


def test_an_image_that_was_never_used_can_be_deleted(
    client: Client, django_capture_on_commit_callbacks: object
) -> None:
    asset = upload()
    name = asset.files.all()[0].name
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        services.delete_asset(asset)
    assert client.get(f"/i/{name}").status_code == 404
    assert not Asset.objects.exists()


def test_what_an_image_shows_can_be_said() -> None:
    asset = upload()
    services.describe_asset(asset, alt=" The sea ")
    asset.refresh_from_db()
    assert asset.alt == "The sea"
