"""Exports: asked for, watched, fetched; each only by whom it was asked for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from analytics import downloads, exports
from analytics.exporting import people_now
from analytics.models import Export
from campaigns.models import Campaign
from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import NotFound
from config.pages.filters import Choice
from config.pages.forms import FormPage, PageForm
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find
from segments.models import ContactList, Segment

_NEED = ("contacts:export", "campaigns:read")
_CRUMBS = ((gettext_lazy("Exports"), reverse_lazy("exports:list")),)
_KINDS: Mapping[str, type[Any]] = {"segment": Segment, "list": ContactList}
_KIND_WORDS = {
    "campaign": gettext_lazy("Campaign"), "segment": gettext_lazy("Segment"), "list": gettext_lazy("List"),
    "contacts": gettext_lazy("Contacts that were ticked"),
}  # fmt: skip
STATES = {
    "processing": ("active", gettext_lazy("Being written")),
    "completed": ("completed", gettext_lazy("Ready")),
    "failed": ("failed", gettext_lazy("Failed")),
    "expired": ("draft", gettext_lazy("Deleted")),
}
_FORMATS = [
    ("csv", gettext_lazy("CSV, for Excel and everything else")),
    ("xlsx", gettext_lazy("Excel workbook, up to a million people")),
    ("jsonl", gettext_lazy("JSON Lines, for programs: an object a line")),
    ("json", gettext_lazy("JSON, for programs")),
]


class Exports(ListPage):
    """One's own."""

    needs = {"GET": _NEED}
    name, kind = "exports", "export"
    noun = (gettext_lazy("export"), gettext_lazy("exports"))
    title = gettext_lazy("Exports")
    sentence = gettext_lazy("Files you asked for. Each is kept for a day, and only you can fetch it.")
    columns = (
        Column("what", gettext_lazy("Of"), lambda row: row.what),
        Column("state", gettext_lazy("State"), lambda row: STATES[_state(row)], "template",
               template="analytics/export_chip.html"),
        Column("format", gettext_lazy("Format"), lambda row: row.format.upper()),
        Column("rows", gettext_lazy("Rows"), kind="number"),
        Column("created_at", gettext_lazy("Asked for"), kind="ago", sort="id"),
    )  # fmt: skip
    filters = (Choice("kind", gettext_lazy("Of"), list(_KIND_WORDS.items())),)
    default_sort = "-created_at"
    empty = Empty(
        gettext_lazy("No exports yet"),
        gettext_lazy("Ask for one on the page of a list or segment, or tick contacts and export them."),
        Action(gettext_lazy("Contacts"), reverse_lazy("audience:contacts"), "contacts:read"), icon="export",
    )  # fmt: skip

    def rows(self) -> QuerySet[Export]:
        return Export.objects.filter(created_by_id=self.request.user.pk)

    def prepare(self, rows: list[Any]) -> None:
        names = _names(rows)
        for row in rows:
            row.what = _what(row, names)

    def url_of(self, row: Export) -> str:
        return url_of(row)


class ExportForm(PageForm):
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=_FORMATS, initial="csv", widget=forms.RadioSelect)


class NewExport(FormPage):
    """Everybody on a list or in a segment."""

    needs = {"GET": "contacts:export", "POST": "contacts:export"}
    form_class = ExportForm
    crumbs = _CRUMBS
    submit = gettext_lazy("Write the file")
    sentence: StrOrPromise = gettext_lazy(
        "All that is known of each person; those suppressed are marked, so mail nobody from the file."
    )

    def form_kwargs(self) -> dict[str, Any]:
        kind = self.kwargs["kind"]
        if kind not in _KINDS or (kind == "segment" and not self.may("segments:read")):
            raise NotFound
        self.row: Model = find(_KINDS[kind].objects.all(), kind, self.kwargs["public_id"])
        self.title = _("Export %(name)s") % {"name": self.row}
        number = people_now(kind, self.row.pk, at=timezone.now())
        if number is not None:
            now = ngettext("%(n)s person now.", "%(n)s people now.", number)
            self.sentence = f"{now % {'n': number_format(number, force_grouping=True)}} {self.sentence}"
        return {}

    def save(self, form: ExportForm) -> HttpResponse:
        kind, format_ = self.kwargs["kind"], form.cleaned_data["format"]
        assert isinstance(self.request.user, User)
        with transaction.atomic():
            made = exports.order(kind=kind, object_id=self.row.pk, format=format_, by_id=self.request.user.pk)
            said = {"of": kind, "id": self.kwargs["public_id"], "format": format_}
            audit(self.request, "export_requested", "export", made.pk, said)
        return self.done(_("The file is being written."), url_of(made))


class OneExport(Page):
    """How far it is, and the link while there is a file. The part that moves is asked for by htmx."""

    needs = {"GET": _NEED}
    template_name = "analytics/export.html"
    crumbs = _CRUMBS

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        one = find(Export.objects.filter(created_by_id=request.user.pk), "export", public_id)
        if not self.may(downloads.scope_of(one)):
            raise NotFound
        self.title = _("Export of %(what)s") % {"what": _what(one, _names([one]))}
        self.chip = STATES[_state(one)]
        link = urlsplit(downloads.link(one, at=timezone.now()) or "")
        return self.render(
            "analytics/export_state.html" if self.htmx else "",
            export=one,
            at_work=one.state == Export.State.PROCESSING,
            link=f"{link.path}?{link.query}" if link.path else "",
            ends=one.finished_at and one.finished_at + Export.KEPT,
        )


def url_of(export: Export) -> str:
    """The page of an export."""
    return reverse("exports:export", args=[public_ids.encode("export", export.pk)])


def _state(export: Export) -> str:
    over = export.state == Export.State.COMPLETED and not downloads.is_kept(export, timezone.now())
    return "expired" if over else export.state


def _names(rows: list[Export]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    kinds: dict[str, type[Any]] = {**_KINDS, "campaign": Campaign}
    for kind, model in kinds.items():
        wanted = {row.object_id for row in rows if row.kind == kind}
        named = model.objects.filter(pk__in=wanted).values_list("pk", "name") if wanted else []
        found |= {(kind, pk): name for pk, name in named}
    return found


def _what(export: Export, names: Mapping[tuple[str, int], str]) -> str:
    return names.get((export.kind, export.object_id), str(_KIND_WORDS[export.kind]))
