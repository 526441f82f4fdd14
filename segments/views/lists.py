"""Lists and who is on them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit, difference
from config.lib import public_ids
from config.lib.errors import Conflict
from config.pages.filters import Choice, Words
from config.pages.forms import FormPage
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Action, Page, find
from segments.forms.contacts import beside_fields
from segments.forms.lists import ListForm, version_of
from segments.models import Contact, ContactList
from segments.selectors.choosing import on_list
from segments.selectors.lists import COUNTED, sizes
from segments.services.lists import archive_list, create_list, edit_list, restore_list
from segments.views.contacts import ContactRows

_CRUMBS = ((gettext_lazy("Lists"), reverse_lazy("audience:lists")),)
_NEW = Action(gettext_lazy("New list"), reverse_lazy("audience:list-new"), "contacts:write")
_STATES = [("live", gettext_lazy("In use")), ("archived", gettext_lazy("Archived"))]


def _in_state(rows: QuerySet[ContactList], value: str) -> QuerySet[ContactList]:
    return rows.filter(archived_at__isnull=value == "live")


def _size(row: Any) -> str:
    if row.size > COUNTED:
        return _("more than %(n)s") % {"n": number_format(COUNTED, force_grouping=True)}
    return number_format(row.size, force_grouping=True)


class Lists(ListPage):
    """All lists."""

    needs = {"GET": "contacts:read"}
    name, kind = "lists", "list"
    noun = (gettext_lazy("list"), gettext_lazy("lists"))
    title = gettext_lazy("Lists")
    sentence = gettext_lazy("Kept by hand, by import or by a form. People can unsubscribe from just one of them.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("List"), sort="name", under=lambda row: row.description),
        Column("size", gettext_lazy("Contacts"), _size, kind="text"),
        Column("is_seed", gettext_lazy("Gets test sends"), kind="yes"),
        Column("state", gettext_lazy("State"), lambda row: "archived" if row.archived_at else "live", kind="state"),
        Column("created_at", gettext_lazy("Made"), kind="ago", sort="id"),
    )
    filters = (
        Words("q", gettext_lazy("Name"), lambda rows, words: rows.filter(name__icontains=words)),
        Choice("state", gettext_lazy("State"), _STATES, _in_state),
    )
    default_sort = "name"
    empty = Empty(
        gettext_lazy("No lists yet"),
        gettext_lazy("A list holds people you put there: a newsletter, guests of an event, your own test addresses."),
        _NEW,
    )

    def rows(self) -> QuerySet[ContactList]:
        return ContactList.objects.all()

    def prepare(self, rows: list[Any]) -> None:
        found = sizes([row.pk for row in rows])
        for row in rows:
            row.size = found[row.pk]

    def url_of(self, row: ContactList) -> str:
        return url_of(row)


class OneList(ContactRows):
    """Who is on a list."""

    name = "members"
    template_name = "segments/list.html"
    crumbs = _CRUMBS
    empty = Empty(
        gettext_lazy("Nobody is on this list"),
        gettext_lazy("Import people onto it, or tick them among the contacts and add them."),
        Action(gettext_lazy("Import people"), reverse_lazy("audience:import-new"), "imports:write"), icon="audience",
    )  # fmt: skip

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.public_id = str(kwargs["public_id"])

    @cached_property
    def row(self) -> ContactList:
        return find(ContactList.objects.all(), "list", self.public_id)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self.row
        self.title, self.sentence = row.name, row.description
        self.chip = (
            ("archived", "") if row.archived_at else ("completed", _("Gets test sends")) if row.is_seed else None
        )
        self.primary = Action(_("Edit"), reverse("audience:list-edit", args=[self.public_id]), "contacts:write")
        export = Action(_("Export"), reverse("exports:new", args=["list", self.public_id]), "contacts:export", "export")
        away = Action(_("Archive"), "", "contacts:write", "archive", dialog="archive")
        back = Action(_("Bring back"), "", "contacts:write", "undo", dialog="archive")
        self.menu = (export, back if row.archived_at else away)
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Contact]:
        return on_list(Contact.objects.all(), self.row.pk)

    def context(self, rows: list[Any]) -> dict[str, Any]:
        return {"list": self.row, "public_id": self.public_id}

    @property
    def bulk(self) -> Sequence[Bulk]:  # type: ignore[override]
        return [replace(one, fields="", label=_("Take off the list")) if one.name == "off" else one
                for one in super().bulk]  # fmt: skip

    def choice(self) -> dict[str, Any]:
        return {"list": self.public_id}

    def asked(self) -> dict[str, str]:
        given = super().asked()
        return {**given, "to_list": self.public_id} if given.get("action") == "off" else given


class NewList(FormPage):
    """A list with nobody on it."""

    needs = {"GET": "contacts:write", "POST": "contacts:write"}
    form_class = ListForm
    title = gettext_lazy("New list")
    crumbs = _CRUMBS
    submit = gettext_lazy("Make the list")

    def save(self, form: ListForm) -> HttpResponse:
        with beside_fields(), transaction.atomic():
            made = create_list(**_given(form))
            audit(self.request, "list_created", "list", made.pk, {"name": [None, made.name]})
        return self.done(_("The list is made. Nobody is on it yet."), url_of(made))


class EditList(FormPage):
    """Its name and purpose."""

    needs = {"GET": "contacts:write", "POST": "contacts:write"}
    form_class = ListForm

    def form_kwargs(self) -> dict[str, Any]:
        self.row = find(ContactList.objects.all(), "list", self.kwargs["public_id"])
        self.title = _("Edit %(name)s") % {"name": self.row.name}
        self.crumbs = (*_CRUMBS, (self.row.name, url_of(self.row)))
        return {"initial": ListForm.initial_of(self.row)}

    def save(self, form: ListForm) -> HttpResponse:
        given = _given(form)
        with beside_fields(), transaction.atomic():
            row = ContactList.objects.select_for_update().get(pk=self.row.pk)
            if form.cleaned_data["version"] != version_of(row):
                raise Conflict(_("Somebody else changed this list since you opened it, so nothing is saved. Open it in "
                                 "another tab to see what is new, then enter your changes there."))  # fmt: skip
            changes = difference({name: getattr(row, name) for name in given}, given)
            edit_list(row, **given)
            if changes:
                audit(self.request, "list_changed", "list", row.pk, changes)
        return self.done(_("Saved."), url_of(row))


class ArchiveList(Page):
    """Put a list away, or bring it back."""

    needs = {"POST": "contacts:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        with transaction.atomic():
            row = find(ContactList.objects.select_for_update(), "list", public_id)
            back = row.archived_at is not None
            if back:
                restore_list(row)
            else:
                archive_list(row, at=timezone.now())
            audit(request, f"list_{'restored' if back else 'archived'}", "list", row.pk)
        again = reverse("audience:list-archive", args=[public_id])
        if back:
            return self.done(_("The list is in use again."), url_of(row))
        return self.done(_("The list is archived. Its people and their opt-outs stay."), url_of(row), undo=again)


def url_of(row: ContactList) -> str:
    """The page of a list."""
    return reverse("audience:list", args=[public_ids.encode("list", row.pk)])


def _given(form: ListForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("name", "public_name", "description", "is_seed")}
