"""Settings: brands, the legal senders, and the identities they write under."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.forms import BrandForm, SenderForm
from compliance.models import Brand, Sender
from compliance.selectors import brand_problems
from compliance.services.brands import archive, save_brand, save_sender
from config.lib import public_ids
from config.pages.filters import Words
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find

_NEW = Action(gettext_lazy("New brand"), reverse_lazy("settings:brand-new"), "compliance.add_brand")
_CRUMBS = ((gettext_lazy("Brands"), reverse_lazy("settings:brands")),)
_WRITE = {"GET": "compliance.change_brand", "POST": "compliance.change_brand"}


def _named(rows: QuerySet[Brand], words: str) -> QuerySet[Brand]:
    return rows.filter(Q(name__icontains=words) | Q(legal_name__icontains=words))


class Brands(ListPage):
    """All brands."""

    needs = {"GET": "compliance.view_brand"}
    name, kind = "brands", "brand"
    noun = (gettext_lazy("brand"), gettext_lazy("brands"))
    title = gettext_lazy("Brands")
    sentence = gettext_lazy("Who your mails are from: a legal sender with its postal address, and the names it uses.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name", under=lambda brand: brand.legal_name),
        Column("senders", gettext_lazy("Senders"), lambda brand: brand.sender_count, kind="number"),
        Column("tracking", gettext_lazy("Opens and clicks"), kind="yes"),
        Column("public_base_url", gettext_lazy("Address of its links"), shown=False),
        Column("state", gettext_lazy("State"), lambda brand: "archived" if brand.archived_at else "live", kind="state"),
        Column("created_at", gettext_lazy("Made"), kind="ago", sort="created_at"),
    )
    filters = (Words("q", gettext_lazy("Name"), _named),)
    default_sort = "name"
    empty = Empty(
        gettext_lazy("No brand yet"),
        gettext_lazy("Each marketing mail names its legal sender. Begin with yours: its name and postal address."),
        _NEW, icon="building",
    )  # fmt: skip

    def rows(self) -> QuerySet[Brand]:
        return Brand.objects.annotate(sender_count=Count("senders", filter=Q(senders__archived_at=None)))

    def url_of(self, row: Brand) -> str:
        return reverse("settings:brand", args=[public_ids.encode("brand", row.pk)])


class NewBrand(FormPage):
    needs = {"GET": "compliance.add_brand", "POST": "compliance.add_brand"}
    form_class = BrandForm
    template_name = "compliance/brand_new.html"
    title = gettext_lazy("New brand")
    crumbs = _CRUMBS

    def save(self, form: Any) -> HttpResponse:
        brand = save_brand(form.save(commit=False), changed=form.changed_data, by=self.request.user.pk)
        to = reverse("settings:sender-new", args=[public_ids.encode("brand", brand.pk)])
        return self.done(_("The brand is there. Now its first sender."), to)


class ChangeBrand(FormPage):
    """One brand with its senders."""

    needs = {"GET": "compliance.view_brand", "POST": "compliance.change_brand"}
    form_class = BrandForm
    template_name = "compliance/brand.html"
    crumbs = _CRUMBS

    def form_kwargs(self) -> dict[str, Any]:
        self.brand = find(Brand.objects.all(), "brand", self.kwargs["public_id"])
        self.title = self.brand.name
        self.chip = ("archived", "") if self.brand.archived_at else None
        words = gettext_lazy("Bring back") if self.brand.archived_at else gettext_lazy("Archive")
        self.menu = (Action(words, "", "compliance.change_brand", "archive", dialog="archive"),)
        return {"instance": self.brand}

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        senders = list(self.brand.senders.order_by("archived_at", "from_name"))
        live = next((one for one in senders if one.archived_at is None), None)
        lines = [(one, public_ids.encode("sender", one.pk)) for one in senders]
        problems = brand_problems(Brand.objects.get(pk=self.brand.pk), live)
        return self.render(
            form=form, brand=self.brand, senders=lines, problems=problems, public_id=self.kwargs["public_id"],
            status=status,
        )  # fmt: skip

    def save(self, form: Any) -> HttpResponse:
        save_brand(form.save(commit=False), changed=form.changed_data, by=self.request.user.pk)
        return self.done(_("Saved."), self.request.get_full_path())


class NewSender(FormPage):
    needs = _WRITE
    form_class = SenderForm
    title = gettext_lazy("New sender")

    def form_kwargs(self) -> dict[str, Any]:
        brand = find(Brand.objects.all(), "brand", self.kwargs["public_id"])
        self.crumbs = (*_CRUMBS, (brand.name, reverse("settings:brand", args=[self.kwargs["public_id"]])))
        return {"instance": Sender(brand=brand)}

    def save(self, form: Any) -> HttpResponse:
        save_sender(form.save(commit=False), changed=form.changed_data, by=self.request.user.pk)
        return self.done(_("The sender is there."), str(self.crumbs[-1][1]))


class ChangeSender(FormPage):
    needs = _WRITE
    form_class = SenderForm
    template_name = "compliance/sender.html"

    def form_kwargs(self) -> dict[str, Any]:
        sender = find(Sender.objects.select_related("brand"), "sender", self.kwargs["public_id"])
        self.title = sender.from_name
        self.chip = ("archived", "") if sender.archived_at else None
        at = public_ids.encode("brand", sender.brand_id)
        self.crumbs = (*_CRUMBS, (sender.brand.name, reverse("settings:brand", args=[at])))
        words = gettext_lazy("Bring back") if sender.archived_at else gettext_lazy("Archive")
        self.menu = (Action(words, "", "compliance.change_brand", "archive", dialog="archive"),)
        return {"instance": sender}

    def save(self, form: Any) -> HttpResponse:
        save_sender(form.save(commit=False), changed=form.changed_data, by=self.request.user.pk)
        return self.done(_("Saved."), str(self.crumbs[-1][1]))


class _Archive(Page):
    """Archives, or brings back; each can be taken back by the other."""

    needs = {"POST": "compliance.change_brand"}
    model: type[Brand | Sender]
    kind: str
    back: str

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        row: Any = find(self.model.objects.all(), self.kind, public_id)
        to = None if row.archived_at else timezone.now()
        archive(row, at=to, by=request.user.pk)
        words = _("%(name)s is archived.") if to else _("%(name)s is back.")
        return self.done(words % {"name": row}, reverse(self.back, args=[public_id]), undo=request.path)


class ArchiveBrand(_Archive):
    model, kind, back = Brand, "brand", "settings:brand"


class ArchiveSender(_Archive):
    model, kind, back = Sender, "sender", "settings:sender"
