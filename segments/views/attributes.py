"""The catalogue of attributes: what they are, who has them, who writes them, who uses them."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import Conflict, NotFound
from config.pages.filters import Choice, Words
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page
from segments.forms.catalogue import AttributeForm, DescribeForm
from segments.models import Attribute, Promotion
from segments.selectors import catalogue
from segments.services.attributes import describe_attribute, register_attribute
from segments.services.promotions import promote, take_back
from segments.views.catalogue import segment_link, tabs

_ATTRIBUTES_URL = reverse_lazy("audience:attributes")
_NEW_ATTRIBUTE = Action(gettext_lazy("New attribute"), reverse_lazy("audience:attribute-new"), "contacts:write")
_PROMOTED = {
    "waiting": ("scheduled", gettext_lazy("Asked for")), "building": ("active", gettext_lazy("Being built")),
    "ready": ("completed", gettext_lazy("Has an index")), "failed": ("failed", gettext_lazy("Failed")),
    "leaving": ("draft", gettext_lazy("Being taken away")),
}  # fmt: skip
_KINDS = dict(AttributeForm.base_fields["type"].choices)  # type: ignore[attr-defined]


class Attributes(ListPage):
    """What is known of people beyond their fields."""

    needs = {"GET": "contacts:read"}
    name, kind = "attributes", "attribute"
    noun = (gettext_lazy("attribute"), gettext_lazy("attributes"))
    title = gettext_lazy("Attributes")
    sentence = gettext_lazy("What you keep of people beyond name and address. Each has one type.")
    primary = _NEW_ATTRIBUTE
    columns = (
        Column("name", gettext_lazy("Attribute"), sort="name", under=lambda row: row.description),
        Column("type", gettext_lazy("Type"), lambda row: _KINDS[row.type]),
        Column("share", gettext_lazy("Known of"), lambda row: share_in_words(row.known),
               hint=gettext_lazy("Of all contacts, judged by 10,000 drawn by chance.")),
        Column("promotion", gettext_lazy("Index"), lambda row: _PROMOTED.get(_state(row)), "template",
               template="segments/promotion_chip.html",
               hint=gettext_lazy("An attribute with an index of its own is quick to ask for in segments.")),
        Column("writer", gettext_lazy("Last written by"), lambda row: row, "template",
               template="segments/attribute_writer.html"),
        Column("seen", gettext_lazy("Last seen"), lambda row: row.known and row.known.last_at, "ago",
               hint=gettext_lazy("When one of those contacts was last changed.")),
        Column("used", gettext_lazy("Segments"), lambda row: row.used, "number"),
    )  # fmt: skip
    filters = (
        Words("q", gettext_lazy("Name"), lambda rows, words: rows.filter(name__icontains=words)),
        Choice("type", gettext_lazy("Type"), list(_KINDS.items())),
    )
    default_sort = "name"
    empty = Empty(
        gettext_lazy("No attributes yet"),
        gettext_lazy("An import makes them from its columns, or register one, such as plan or last_order_on."),
        _NEW_ATTRIBUTE, icon="tag",
    )  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.tabs = tabs(self, "attributes")
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Attribute]:
        return Attribute.objects.select_related("promotion")

    def prepare(self, rows: list[Any]) -> None:
        shares, used = catalogue.shares(), catalogue.segments_by_word()
        for row in rows:
            row.known, row.used = shares.get(row.name), len(used.get(row.name, ()))
            row.import_url = _import_url(row)

    def url_of(self, row: Attribute) -> str:
        return reverse("audience:attribute", args=[row.name])


class NewAttribute(FormPage):
    """Register one."""

    needs = {"GET": "contacts:write", "POST": "contacts:write"}
    form_class = AttributeForm
    title = gettext_lazy("New attribute")
    crumbs = ((gettext_lazy("Attributes"), _ATTRIBUTES_URL),)
    submit = gettext_lazy("Register")

    def save(self, form: AttributeForm) -> HttpResponse:
        given = form.cleaned_data
        with transaction.atomic():
            if Attribute.objects.filter(name=given["name"]).exists():
                raise Conflict(_("There is an attribute named %(name)s already.") % {"name": given["name"]})
            made = register_attribute(name=given["name"], type=given["type"], description=given["description"])
            audit(self.request, "attribute_registered", "attribute", made.pk, {"name": made.name, "type": made.type})
        return self.done(_("%(name)s is registered.") % {"name": made.name}, str(_ATTRIBUTES_URL))


class OneAttribute(FormPage):
    """What it means, how many have it, who writes and who uses it."""

    needs = {"GET": "contacts:read", "POST": "contacts:write"}
    template_name = "segments/attribute.html"
    form_class = DescribeForm
    crumbs = ((gettext_lazy("Attributes"), _ATTRIBUTES_URL),)

    @cached_property
    def row(self) -> Attribute:
        return _attribute(self.kwargs["name"])

    def form_kwargs(self) -> dict[str, Any]:
        self.title = self.row.name
        return {"initial": {"description": self.row.description}}

    def save(self, form: DescribeForm) -> HttpResponse:
        with transaction.atomic():
            describe_attribute(self.row, form.cleaned_data["description"])
            audit(self.request, "attribute_described", "attribute", self.row.pk)
        return self.done(_("Saved."), reverse("audience:attribute", args=[self.row.name]))

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        known = catalogue.shares().get(self.row.name)
        self.row.import_url = _import_url(self.row)  # type: ignore[attr-defined]
        users = catalogue.segments_by_word().get(self.row.name, ())
        return self.render(
            form=form, row=self.row, type=_KINDS[self.row.type], known=known, share=share_in_words(known),
            promotion=_PROMOTED.get(_state(self.row)), error=getattr(self.row, "promotion", Promotion()).error,
            may_make=_state(self.row) in ("", "failed"), may_take_back=_state(self.row) in ("ready", "failed"),
            segments=[segment_link(pk, name) for pk, name in users], status=status,
        )  # fmt: skip


class AttributeIndex(Page):
    """Give it an index of its own, or take that back; both in the background."""

    needs = {"POST": "contacts:write"}

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        row, making = _attribute(name), request.POST.get("verb") == "make"
        with transaction.atomic():
            if making:
                promote(row, by=request.user)
            else:
                take_back(row)
            audit(request, "attribute_promoted" if making else "attribute_demoted", "attribute", row.pk, {"name": name})
        said = _("An index on %(name)s is on its way.") if making else _("The index on %(name)s is being taken away.")
        return self.done(said % {"name": name}, reverse("audience:attribute", args=[name]))


def _attribute(name: str) -> Attribute:
    found = Attribute.objects.select_related("promotion").filter(name=name).first()
    if found is None:
        raise NotFound
    return found


def share_in_words(known: catalogue.Known | None) -> str:
    if known is None:
        return _("hardly anybody")
    return _("about %(n)s %%") % {
        "n": number_format(round(known.share * 100, 1) if known.share < 0.1 else round(known.share * 100))
    }


def _import_url(row: Attribute) -> str:
    if row.writer_kind != Attribute.Writer.IMPORT or not row.writer_row:
        return ""
    return reverse("audience:import", args=[public_ids.encode("import", row.writer_row)])


def _state(row: Attribute) -> str:
    found: Promotion | None = getattr(row, "promotion", None)
    return found.state if found else ""
