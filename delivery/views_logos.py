"""Settings: the logo of a brand."""

from typing import BinaryIO, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from compliance.models import Brand
from config.lib.errors import Conflict
from config.pages.views import Page, find
from delivery.logos import remove_logo, set_logo


class Logo(Page):
    """Uploaded, or taken off again by `remove`."""

    needs = {"POST": "compliance.change_brand"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Raises NotFound, BadImage; Conflict without a file."""
        brand, here = find(Brand.objects.all(), "brand", public_id), reverse("settings:brand", args=[public_id])
        assert isinstance(request.user, User)  # Page lets nobody else in
        if "remove" in request.POST:
            remove_logo(brand, by=request.user)
            return self.done(_("The logo is taken off. The name stands in its place."), here)
        if (file := request.FILES.get("logo")) is None:
            raise Conflict(_("Choose an image first."))
        set_logo(brand, file=cast("BinaryIO", file.file), name=file.name or "", by=request.user)
        return self.done(_("The logo is on the brand's public pages, and in templates as {{ brand.logo }}."), here)
