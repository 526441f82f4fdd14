"""Contacts: all of them, searched and narrowed, and what is done to many."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import Conflict, NotFound
from config.pages.filters import Choice
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Action, Page, find
from segments.actions import ACTIONS, ContactAction
from segments.models import Contact, ContactList, Import, ImportRow, Segment
from segments.predicates.lists import on_any
from segments.selectors.contacts import find_contacts
from segments.selectors.lists import countries, lists_in_use
from segments.selectors.segments import audience, time_limit
from segments.services.lists import add_to_list, remove_from_list
from segments.suppressed import is_suppressed
from segments.views.narrowing import LONGEST, RowChoice, SealedWords, sealed

_SECONDS = 5.0  # for a slow segment among the filters
_MOST = 10_000  # done at once; more than that is not counted, so it is not offered either
_MAIL = [
    ("yes", gettext_lazy("May get marketing")),
    ("no", gettext_lazy("Opted out or suppressed")),
    ("none", gettext_lazy("No mail address")),
]


def _by_mail(rows: QuerySet[Contact], value: str) -> QuerySet[Contact]:
    if value == "none":
        return rows.filter(email=None)
    return rows.filter(is_suppressed()) if value == "no" else rows.filter(~is_suppressed(), email__isnull=False)


def _searched(rows: QuerySet[Contact], words: str) -> QuerySet[Contact]:
    return rows & find_contacts(words)


def _with_import(rows: QuerySet[Contact], one: Import) -> QuerySet[Contact]:
    return rows.filter(Exists(ImportRow.objects.filter(contact=OuterRef("pk"), imported_from=one.pk)))


def _recent_imports() -> list[tuple[int, str]]:
    done = Import.objects.filter(state=Import.State.COMPLETED).order_by("-pk")
    return list(done.values_list("pk", "name")[:20])


def _segments() -> list[tuple[int, str]]:
    return list(Segment.objects.filter(archived_at=None).order_by("name").values_list("pk", "name")[:1000])


SEARCH = SealedWords("q", gettext_lazy("Name, address, phone or external id"), _searched)
FILTERS = (
    RowChoice("list", gettext_lazy("List"), "list", ContactList.objects.all, lists_in_use,
              lambda rows, one: rows.filter(on_any([one.pk]))),
    RowChoice("segment", gettext_lazy("Segment"), "segment", Segment.objects.all, _segments,
              lambda rows, one: rows & audience(segments=[one.pk], lists=[])),
    Choice("country", gettext_lazy("Country"), countries),
    Choice("mail", gettext_lazy("Mail"), _MAIL, _by_mail),
    RowChoice("import", gettext_lazy("Import"), "import", Import.objects.all, _recent_imports, _with_import),
)  # fmt: skip
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

    @property
    def bulk(self) -> Sequence[Bulk]:  # type: ignore[override]
        return [*self.own_bulk, *(_bulk(action) for action in ACTIONS)]

    own_bulk: ClassVar[Sequence[Bulk]] = ()

    def url_of(self, row: Contact) -> str:
        return url_of(row.pk)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with time_limit(_SECONDS):
            return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises NotFound for an action not offered, Conflict when nothing or too much is meant."""
        name = request.POST.get("action", "")
        if name not in [one.name for one in self.actions]:
            raise NotFound
        ids = self._meant()
        if name in [one.name for one in self.own_bulk]:
            return self.done(getattr(self, f"bulk_{name}")(ids), request.get_full_path())
        done = ACTIONS.get(name)().carry_out(ids, request)
        return self.done(done.words, done.url or request.get_full_path())

    def _meant(self) -> list[int]:
        if not self.request.POST.get("everything"):
            ids = self._ticked()
            if not ids:
                raise Conflict(_("Nothing is ticked."))
            return list(self.rows().filter(pk__in=ids).values_list("pk", flat=True))
        with time_limit(_SECONDS):
            ids = list(self.narrowed.order_by("pk").values_list("pk", flat=True)[: _MOST + 1])
        if len(ids) > _MOST:
            raise Conflict(_("These have become more than 10,000: narrow the list first."))
        return ids

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
    own_bulk = (Bulk("list", gettext_lazy("Add to list"), "contacts:write", fields="segments/choose_list.html"),)
    empty = Empty(
        gettext_lazy("Nobody here yet"),
        gettext_lazy("Drop a CSV file of any shape: you see what it would change before anything is written."),
        primary, icon="audience",
    )  # fmt: skip

    def rows(self) -> QuerySet[Contact]:
        return Contact.objects.all()

    def bulk_list(self, ids: list[int]) -> str:
        with transaction.atomic():
            row = find(ContactList.objects.all(), "list", self.request.POST.get("to_list", ""))
            added = add_to_list(row, ids)
            audit(self.request, "list_filled", "list", row.pk, {"added": added})
        return _("%(added)d added to %(list)s; %(there)d were on it already.") % {
            "added": added, "list": row.name, "there": len(ids) - added,
        }  # fmt: skip


class Search(Page):
    """Takes what is searched for out of the address of the page; the filters beside it go along."""

    needs = {"POST": "contacts:read"}

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST.copy()
        words = asked.pop("q", [""])[-1].replace("\x00", "").strip()[:LONGEST]
        asked.pop("csrfmiddlewaretoken", None)
        for name in [name for name, value in asked.items() if not value]:
            asked.pop(name)
        if words:
            asked["q"] = sealed(words)
        response = redirect(f"{reverse('audience:contacts')}?{asked.urlencode()}" if asked else "audience:contacts")
        response.status_code = 303
        return response


def url_of(contact_id: int) -> str:
    """The page of a contact."""
    return reverse("audience:contact", args=[public_ids.encode("contact", contact_id)])


def taken_off(request: HttpRequest, row: ContactList, ids: Sequence[int]) -> str:
    """Take people off a list, and say so."""
    with transaction.atomic():
        removed = remove_from_list(row, ids)
        audit(request, "list_emptied", "list", row.pk, {"removed": removed})
    return ngettext("%(n)d contact is off the list.", "%(n)d contacts are off the list.", removed) % {"n": removed}


def _bulk(action: type[ContactAction]) -> Bulk:
    return Bulk(action.kind, action.label, action.need, action.question, action.dangerous, action.fields)
