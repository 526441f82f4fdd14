"""Assets: the images that messages show, dropped in, looked at, described."""

from typing import Any, BinaryIO, cast

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import FieldError, Invalid, NotFound
from config.pages.forms import FormPage
from config.pages.views import Page, find
from templates import selectors, services
from templates.forms import AssetForm
from templates.models import Asset
from templates.views.editing import Call

_EACH = 48
_WHOLE = Asset.objects.prefetch_related("files")


class Assets(Page):
    """All of them as a grid, the newest first."""

    needs = {"GET": "templates:read"}
    template_name = "templates/assets.html"
    title = gettext_lazy("Assets")
    sentence = gettext_lazy(
        "Images for messages: stripped of what cameras add, in several widths, at an address that stays."
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        words, archived = request.GET.get("q", "").replace("\x00", "")[:200], request.GET.get("state") == "archived"
        rows: QuerySet[Asset] = _WHOLE.filter(archived_at__isnull=not archived).order_by("-pk")
        if words:
            rows = rows.filter(name__icontains=words) | rows.filter(alt__icontains=words)
        part = Paginator(rows, _EACH).get_page(request.GET.get("page"))
        shown = [(one, _url(one), selectors.image_path(_files(one)[0].name), address(one)) for one in part]
        return self.render(shown=shown, part=part, words=words, archived=archived, writes=self.may("templates:write"))


class Upload(Call):
    """One file of those dropped."""

    needs = {"POST": "templates:write"}

    def post(self, request: HttpRequest) -> HttpResponse:
        file = request.FILES.get("file")
        if file is None:
            raise Invalid(FieldError("/file", _("Choose an image.")))
        assert isinstance(request.user, User)
        made = services.upload_asset(file=cast(BinaryIO, file), name=file.name or "", by=request.user)
        audit(request, "asset_uploaded", "asset", made.pk, {"name": [None, made.name]})
        return JsonResponse({"url": _url(made), "name": made.name}, status=201)


class OneAsset(FormPage):
    """One image: its addresses, what it shows, who uses it."""

    needs = {"GET": "templates:read", "POST": "templates:write"}
    template_name = "templates/asset.html"
    form_class = AssetForm
    crumbs = ((gettext_lazy("Assets"), reverse_lazy("content:assets")),)

    @property
    def asset(self) -> Asset:
        if not hasattr(self, "_asset"):
            self._asset = find(_WHOLE, "asset", self.kwargs["public_id"])
            self.title = self._asset.name
            self.chip = ("cancelled", _("Archived")) if self._asset.archived_at else None
        return self._asset

    def form_kwargs(self) -> dict[str, Any]:
        return {"initial": {"alt": self.asset.alt}}

    def save(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            services.describe_asset(self.asset, alt=form.cleaned_data["alt"])
            audit(self.request, "asset_described", "asset", self.asset.pk)
        return self.done(_("Saved."), _url(self.asset))

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        asset = self.asset
        return self.render(
            status=status, form=form, asset=asset, writes=self.may("templates:write"),
            files=[(one, selectors.image_path(one.name), selectors.image_address(one.name)) for one in _files(asset)],
            full=selectors.image_path(_files(asset)[-1].name), address=address(asset),
            uses=[(one, reverse("content:template", args=[public_ids.encode("template", one.pk)]))
                  for one in selectors.asset_uses(asset)],
            ever=selectors.asset_ever_used(asset),
        )  # fmt: skip


class ChangeAsset(Page):
    """Archive, offer again, delete."""

    needs = {"POST": "templates:write"}

    def post(self, request: HttpRequest, public_id: str, what: str) -> HttpResponse:
        asset = find(Asset.objects.all(), "asset", public_id)
        acts = {"archive": services.archive_asset, "restore": services.restore_asset, "delete": services.delete_asset}
        if what not in acts:
            raise NotFound
        pk, here = asset.pk, _url(asset)
        with transaction.atomic():
            acts[what](asset)
            audit(request, f"asset_{what}d", "asset", pk)
        if what == "restore":
            return self.done(_("%(name)s is offered again.") % {"name": asset.name}, here)
        said = _("%(name)s is archived.") if what == "archive" else _("%(name)s is deleted.")
        undo = reverse("content:asset-change", args=[public_id, "restore"]) if what == "archive" else ""
        return self.done(said % {"name": asset.name}, reverse("content:assets"), undo=undo)


def address(asset: Asset) -> str:
    """The address to put into a template: wide enough for dense screens."""
    files = _files(asset)
    return selectors.image_address(next((one for one in files if one.width >= 1200), files[-1]).name)


def _files(asset: Asset) -> list[Any]:
    return list(asset.files.all())


def _url(asset: Asset) -> str:
    return reverse("content:asset", args=[public_ids.encode("asset", asset.pk)])
