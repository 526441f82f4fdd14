"""Contacts: all of them, searched and narrowed, and what is done to many."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from config.lib import public_ids
from config.lib.errors import Conflict, NotFound
from config.pages.filters import Choice
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.paging import Total
from config.pages.views import Action, Page
from segments.actions import ACTIONS, ContactAction
from segments.models import Attribute, Contact, ContactList, Import, Segment
from segments.selectors import choosing
from segments.selectors.contacts import first_found
from segments.selectors.limits import time_limit
from segments.selectors.lists import countries, lists_in_use
from segments.views.jobs import ordered
from segments.views.narrowing import RowChoice, SealedWords

_FOUND = 1000  # people, by words
_SECONDS = 5.0  # for a slow segment among the filters
_MAIL = [
    ("yes", gettext_lazy("May get marketing")),
    ("no", gettext_lazy("Opted out or suppressed")),
    ("none", gettext_lazy("No mail address")),
]


def _recent_imports() -> list[tuple[int, str]]:
    done = Import.objects.filter(state=Import.State.COMPLETED).order_by("-pk")
    return list(done.values_list("pk", "name")[:20])


def _segments() -> list[tuple[int, str]]:
    return list(Segment.objects.filter(archived_at=None).order_by("name").values_list("pk", "name")[:1000])


SEARCH = SealedWords("q", gettext_lazy("Name, address, phone or external id"), choosing.searched)
FILTERS = (
    RowChoice("list", gettext_lazy("List"), "list", ContactList.objects.all, lists_in_use, choosing.on_list),
    RowChoice("segment", gettext_lazy("Segment"), "segment", Segment.objects.all, _segments, choosing.in_segment),
    Choice("country", gettext_lazy("Country"), countries),
    Choice("mail", gettext_lazy("Mail"), _MAIL, choosing.by_mail),
    RowChoice("import", gettext_lazy("Import"), "import", Import.objects.all, _recent_imports, choosing.in_import),
)
COLUMNS = (
    Column("name", gettext_lazy("Contact"), str, under=lambda one: one.email if str(one) != one.email else ""),
    Column("external_id", gettext_lazy("External id"), lambda one: one.external_id or ""),
    Column("phone", gettext_lazy("Phone"), lambda one: one.phone or "", shown=False),
    Column("country", gettext_lazy("Country")),
    Column("language", gettext_lazy("Language")),
    Column("timezone", gettext_lazy("Time zone"), shown=False),
    Column("created_at", gettext_lazy("Added"), kind="ago", sort="id"),
    Column("updated_at", gettext_lazy("Changed"), kind="ago", shown=False),
)


class ContactRows(ListPage):
    """A list of contacts with what can be done to those that are ticked."""

    needs = {"GET": "contacts:read", "POST": "contacts:read"}  # each action has its own need
    name, kind = "contacts", "contact"
    noun = (gettext_lazy("contact"), gettext_lazy("contacts"))
    columns = COLUMNS
    default_sort = "-created_at"
    search_url: StrOrPromise = ""

    any_number = True  # what is done to them all is a bulk job

    @property
    def bulk(self) -> Sequence[Bulk]:  # type: ignore[override]
        return [bulk_of(action) for action in ACTIONS if action.anywhere]

    def choice(self) -> dict[str, Any]:
        """The filters of segments.selectors.choosing by which these rows are those."""
        asked = self.request.GET
        return {one.name: asked[one.name] for one in self.filters if one.value(asked.dict())}

    def url_of(self, row: Contact) -> str:
        return url_of(row.pk)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with time_limit(_SECONDS):
            return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises NotFound for an action not offered, Conflict when nothing is ticked."""
        name = request.POST.get("action", "")
        if name not in [one.name for one in self.actions]:
            raise NotFound
        return ordered(self, name, self.asked(), self._meant())

    def asked(self) -> dict[str, str]:
        """What was given in the dialog."""
        return {str(name): str(value) for name, value in self.request.POST.items()}

    def _meant(self) -> dict[str, Any]:
        if self.request.POST.get("everything"):
            return self.choice()
        ids = self._ticked()
        if not ids:
            raise Conflict(_("Nothing is ticked."))
        return {"contacts": list(self.rows().filter(pk__in=ids).values_list("pk", flat=True))}

    @cached_property
    def attributes(self) -> list[tuple[str, str]]:
        """(name, type) of what can be changed, for the dialog."""
        return list(Attribute.objects.order_by("name").values_list("name", "type"))

    @cached_property
    def lists(self) -> list[tuple[str, str]]:
        """What people can be put on, for the dialog."""
        return [(public_ids.encode("list", pk), name) for pk, name in lists_in_use()]


class Contacts(ContactRows):
    """Everybody."""

    title = gettext_lazy("Contacts")
    sentence = gettext_lazy("Everybody you may talk to.")
    primary = Action(gettext_lazy("Import people"), reverse_lazy("audience:import-new"), "imports:write")
    menu = (Action(gettext_lazy("New contact"), reverse_lazy("audience:contact-new"), "contacts:write", icon="plus"),)
    filters = (SEARCH, *FILTERS)
    search_url = reverse_lazy("audience:search")
    empty = Empty(
        gettext_lazy("Nobody here yet"),
        gettext_lazy("Drop a CSV file of any shape: you see what it would change before anything is written."),
        primary, icon="audience",
    )  # fmt: skip

    def rows(self) -> QuerySet[Contact]:
        return Contact.objects.all()

    @cached_property
    def narrowed(self) -> QuerySet[Contact]:
        """By words alone, the first thousand they find: who has to look through more types on."""
        if self.found is None:
            return super().narrowed
        return self.rows().filter(pk__in=self.found[:_FOUND])

    @cached_property
    def found(self) -> list[int] | None:
        """Whom the words find, when they are the only filter."""
        words = [one.value for one in self.chosen if one.words]
        alone = words == [SEARCH.value(self.request.GET.dict())]
        return first_found(words[0], _FOUND + 1) if alone else None

    def total(self, rows: QuerySet[Contact]) -> Total:
        if self.found is not None and len(self.found) > _FOUND:
            return Total(_FOUND, more=True)
        return super().total(rows)


class Search(Page):
    """Takes what is searched for out of the address of the page; the filters beside it go along."""

    needs = {"POST": "contacts:read"}

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST.copy()
        words = asked.pop("q", [""])[-1].replace("\x00", "").strip()[: choosing.LONGEST]
        asked.pop("csrfmiddlewaretoken", None)
        for name in [name for name, value in asked.items() if not value]:
            asked.pop(name)
        if words:
            asked["q"] = choosing.sealed(words)
        response = redirect(f"{reverse('audience:contacts')}?{asked.urlencode()}" if asked else "audience:contacts")
        response.status_code = 303
        return response


def url_of(contact_id: int) -> str:
    """The page of a contact."""
    return reverse("audience:contact", args=[public_ids.encode("contact", contact_id)])


def bulk_of(action: type[ContactAction]) -> Bulk:
    """The button of an action."""
    return Bulk(action.kind, action.label, action.need, action.question, action.dangerous, action.fields)
