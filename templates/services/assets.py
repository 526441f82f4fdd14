"""Writes of assets: the images that mails show."""

from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from templates import images, selectors
from templates.errors import AssetInUse, BadImage
from templates.images import Picture
from templates.models import Asset, AssetFile
from templates.services.versions import Author, id_of


def upload_asset(*, file: BinaryIO, name: str, by: Author, alt: str = "") -> Asset:
    """Keep an image, in the widths that mails need. One that is there already is given back, offered again.

    Raises BadImage for what is no image, too large, or damaged.
    """
    _check_bytes(file)
    picture = images.prepare(file)
    for rendition in picture.renditions:
        _store(file_name(picture, rendition.width), rendition.data)
    with transaction.atomic():
        asset, made = Asset.objects.get_or_create(
            digest=picture.digest,
            defaults={
                "name": PurePath(name.replace("\\", "/")).name[-200:] or "image",
                "alt": alt[:500],
                "format": picture.format,
                "width": picture.full.width,
                "height": picture.full.height,
                "created_by_id": id_of(by),
            },
        )
        if made:
            _add_files(asset, picture)
        elif asset.archived_at:
            restore_asset(asset)
    return asset


def describe_asset(asset: Asset, *, alt: str) -> None:
    """Say what the image shows: what is proposed as alt text where it is put into a template."""
    asset.alt = alt.strip()[:500]
    asset.save(update_fields=["alt", "updated_at"])


def archive_asset(asset: Asset) -> None:
    """Take it out of the choices. It is served as before: mails that show it are out there."""
    asset.archived_at = asset.archived_at or timezone.now()
    asset.save(update_fields=["archived_at", "updated_at"])


def restore_asset(asset: Asset) -> None:
    """Offer it again."""
    asset.archived_at = None
    asset.save(update_fields=["archived_at", "updated_at"])


def delete_asset(asset: Asset) -> None:
    """Delete an image that no version of any template or shared block has ever named. Raises AssetInUse."""
    with transaction.atomic():
        asset = Asset.objects.select_for_update().get(pk=asset.pk)
        if selectors.asset_ever_used(asset):
            raise AssetInUse
        names = [file.name for file in asset.files.all()]
        asset.delete()
        transaction.on_commit(partial(_forget, names))


def file_name(picture: Picture, width: int) -> str:
    """A name that says nothing but what is in the file: the same picture always has the same."""
    return f"{picture.digest}-{width}.{picture.format}"


def path_of(name: str) -> str:
    """Where the storage keeps a file."""
    return f"assets/{name[:2]}/{name}"


def _check_bytes(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    if size > settings.ASSET_MAX_BYTES:
        raise BadImage(f"The file has {size:,} bytes; {settings.ASSET_MAX_BYTES:,} may be. Make it smaller.")


def _forget(names: list[str]) -> None:
    for name in names:
        default_storage.delete(path_of(name))


def _store(name: str, data: bytes) -> None:
    if not default_storage.exists(path_of(name)):
        default_storage.save(path_of(name), ContentFile(data))


def _add_files(asset: Asset, picture: Picture) -> None:
    AssetFile.objects.bulk_create(
        AssetFile(
            asset=asset, name=file_name(picture, one.width), width=one.width, height=one.height, size=len(one.data)
        )
        for one in picture.renditions
    )
