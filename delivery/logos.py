"""The logos of brands: images of the assets, named by file, since brands know nothing of assets."""

from typing import BinaryIO

from django.contrib.auth.models import User

from compliance.models import Brand
from compliance.services.brands import save_brand
from templates.models import AssetFile
from templates.services.assets import upload_asset
from templates.uses import AssetUse

_WIDE = 600  # as wide as a mail


class BrandLogos(AssetUse):
    kind = "brand_logo"

    def stands_on(self, digest: str) -> bool:
        return Brand.objects.filter(logo__startswith=digest).exists()


def set_logo(brand: Brand, *, file: BinaryIO, name: str, by: User) -> None:
    """Keep the image as an asset, and show it as the brand's. Raises BadImage."""
    asset = upload_asset(file=file, name=name, by=by, alt=brand.name)
    files = AssetFile.objects.filter(asset=asset).order_by("width")
    fits = [one.name for one in files if one.width <= _WIDE] or [files[0].name]
    _save(brand, fits[-1], by)


def remove_logo(brand: Brand, *, by: User) -> None:
    """Show its name instead. The image stays among the assets: mails show it."""
    _save(brand, "", by)


def _save(brand: Brand, logo: str, by: User) -> None:
    brand.logo = logo
    save_brand(brand, changed=["logo"], by=by.pk)
