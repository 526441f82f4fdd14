"""Imports: drop a file, say what its columns mean, look at what it would do, let it be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import DomainError, FieldError, Invalid
from config.pages.filters import Choice, Words
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find
from segments.exporting import csv_lines
from segments.forms.imports import MappingForm, UploadForm
from segments.models import Import
from segments.selectors.imports import (
    open_file,
    problem_header,
    problem_lines,
    problems,
    progress,
    registered_attributes,
    samples,
)
from segments.services.imports import ImportBusy, prepare, receive, start
from segments.services.lists import create_list

_CRUMBS = ((gettext_lazy("Imports"), reverse_lazy("audience:imports")),)
_NEW = Action(gettext_lazy("Import people"), reverse_lazy("audience:import-new"), "imports:write")
State = Import.State
STATES: dict[str, tuple[str, StrOrPromise]] = {
    State.UPLOADED: ("draft", gettext_lazy("Columns to choose")),
    State.STAGING: ("active", gettext_lazy("Being checked")),
    State.CHECKED: ("held", gettext_lazy("Checked, not imported yet")),
    State.RUNNING: ("active", gettext_lazy("Being imported")),
    State.COMPLETED: ("completed", gettext_lazy("Imported")),
    State.FAILED: ("failed", gettext_lazy("Stopped")),
}
_OUTCOMES: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    "new": (gettext_lazy("New"), gettext_lazy("become contacts")),
    "changed": (gettext_lazy("Changed"), gettext_lazy("are contacts already; the file says something else")),
    "unchanged": (gettext_lazy("Unchanged"), gettext_lazy("are contacts already, just like this")),
    "duplicate": (gettext_lazy("Repeated"), gettext_lazy("the same person stands in an earlier line")),
    "conflict": (gettext_lazy("Conflict"), gettext_lazy("external id and address belong to two different people")),
    "invalid": (gettext_lazy("Invalid"), gettext_lazy("cannot be read; each says why")),
}
_PROBLEMS = ("duplicate", "conflict", "invalid")


def _written(one: Import, outcome: str) -> int | None:
    found: int | None = (one.results or one.counts).get(outcome)
    return found


def _left_out(one: Import) -> int | None:
    return sum(one.counts.get(name, 0) for name in _PROBLEMS) if one.counts else None


class Imports(ListPage):
    """All files that came."""

    needs = {"GET": "imports:read"}
    name, kind = "imports", "import"
    noun = (gettext_lazy("import"), gettext_lazy("imports"))
    title = gettext_lazy("Imports")
    sentence = gettext_lazy("Files of people, and what became of each line.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("File")),
        Column("state", gettext_lazy("State"), lambda row: STATES[row.state], "template",
               template="segments/import_chip.html"),
        Column("rows", gettext_lazy("Lines"), lambda row: row.counts.get("rows"), kind="number"),
        Column("new", gettext_lazy("New"), lambda row: _written(row, "new"), kind="number"),
        Column("changed", gettext_lazy("Changed"), lambda row: _written(row, "changed"), kind="number"),
        Column("out", gettext_lazy("Not imported"), _left_out, kind="number"),
        Column("by", gettext_lazy("By"), lambda row: row.created_by or "", shown=False),
        Column("created_at", gettext_lazy("Uploaded"), kind="ago", sort="id"),
    )  # fmt: skip
    filters = (
        Words("q", gettext_lazy("Name of the file"), lambda rows, words: rows.filter(name__icontains=words)),
        Choice("state", gettext_lazy("State"), [(state, words) for state, (_tone, words) in STATES.items()]),
    )
    default_sort = "-created_at"
    empty = Empty(
        gettext_lazy("No imports yet"),
        gettext_lazy("Drop a CSV file of any shape: you see what it would change before anything is written."),
        _NEW, icon="import",
    )  # fmt: skip

    def rows(self) -> QuerySet[Import]:
        return Import.objects.select_related("created_by")

    def url_of(self, row: Import) -> str:
        return url_of(row)


class NewImport(FormPage):
    """Takes the file."""

    needs = {"GET": "imports:write", "POST": "imports:write"}
    template_name = "segments/import_new.html"
    form_class = UploadForm
    title = gettext_lazy("Import people")
    sentence = gettext_lazy("Nothing is written before you have seen what it would do.")
    crumbs = _CRUMBS

    def save(self, form: UploadForm) -> HttpResponse:
        given = form.cleaned_data
        assert isinstance(self.request.user, User)
        try:
            made = receive(
                file=given["file"].file, name=given["file"].name, by=self.request.user,
                encoding=given["encoding"].strip(), delimiter=given["delimiter"],
            )  # fmt: skip
        except DomainError as error:
            raise Invalid(FieldError("/file", error.detail)) from None
        audit(self.request, "import_uploaded", "import", made.pk, {"bytes": made.size})
        to = reverse("audience:import-columns", args=[public_ids.encode("import", made.pk)])
        return HttpResponse(headers={"HX-Redirect": to}) if self.htmx else redirect(to)


class Columns(FormPage):
    """What each column means; those last used for the same columns are chosen already."""

    needs = {"GET": "imports:write", "POST": "imports:write"}
    template_name = "segments/import_columns.html"
    form_class = MappingForm
    submit = gettext_lazy("Check the file")

    def form_kwargs(self) -> dict[str, Any]:
        self.import_ = find(Import.objects.select_related("list"), "import", self.kwargs["public_id"])
        self.title, self.crumbs = self.import_.name, _CRUMBS
        if _is_settled(self.import_):
            raise ImportBusy(_("This file is imported, or being worked on. Upload it again to change its columns."))
        return {"import_": self.import_, "attributes": registered_attributes()}

    def save(self, form: MappingForm) -> HttpResponse:
        given = form.cleaned_data
        try:
            with transaction.atomic():
                to_list = create_list(name=given["new_list"]) if given["new_list"].strip() else given["to_list"]
                prepare(
                    self.import_, mapping=form.mapping(), update_policy=given["update_policy"],
                    default_region=given["default_region"].strip(), to_list=to_list,
                )  # fmt: skip
                audit(self.request, "import_checked", "import", self.import_.pk)
        except Invalid as error:
            raise form.beside(error) from None
        except ImportBusy:
            raise
        except DomainError as error:
            raise Invalid(FieldError("/default_region", error.detail)) from None
        return redirect(url_of(self.import_))

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        rows = form.rows(samples(self.import_))
        return self.render(form=form, rows=rows, import_=self.import_, steps=_steps(self.import_), status=status)


class OneImport(Page):
    """Where an import stands: the dry run, progress, what became of it. The part that moves is asked for by htmx."""

    needs = {"GET": "imports:read"}
    template_name = "segments/import.html"
    crumbs = _CRUMBS

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        one = find(Import.objects.select_related("list", "created_by"), "import", public_id)
        if one.state == State.UPLOADED and self.may("imports:write"):
            return redirect("audience:import-columns", public_id)
        self.title, self.chip = one.name, STATES[one.state]
        asked_for = "segments/import_state.html" if self.htmx else ""
        return self.render(asked_for, **_shown(one, request.GET.dict()))


class StartImport(Page):
    """Let what was checked be written."""

    needs = {"POST": "imports:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        with transaction.atomic():
            one = start(find(Import.objects.all(), "import", public_id))
            audit(request, "import_started", "import", one.pk)
        return redirect(url_of(one))


class ImportErrors(Page):
    """The lines that were not imported, with the reason before them, to mend and import again."""

    needs = {"GET": "imports:read"}

    def get(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        one = find(Import.objects.all(), "import", public_id)
        with open_file(one):
            pass  # raises NotFound before the answer has begun
        lines = csv_lines(problem_header(one), problem_lines(one))
        disposition = {"Content-Disposition": f'attachment; filename="not-imported-{public_id}.csv"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=disposition)


def url_of(one: Import) -> str:
    """The page of an import."""
    return reverse("audience:import", args=[public_ids.encode("import", one.pk)])


@dataclass(frozen=True)
class Line:
    """A line of the table: how many rows the dry run found, and how many were written since."""

    label: StrOrPromise
    meaning: StrOrPromise
    checked: int
    written: int | None


def _shown(one: Import, asked: Mapping[str, str]) -> dict[str, Any]:
    public_id = public_ids.encode("import", one.pk)
    to_write = sum(one.counts.get(name, 0) for name in ("new", "changed", "unchanged"))
    return {
        "import_": one, "public_id": public_id, "steps": _steps(one), "at_work": one.state in Import.AT_WORK,
        "lines": _lines(one), "to_write": to_write, "left_out": _left_out(one),
        "suppressed": one.counts.get("suppressed"),
        "problems": problems(one)[:10] if one.counts else [],
        "can_start": one.state == State.CHECKED and to_write,
        "can_resume": one.state == State.FAILED and bool(one.counts),
        "can_change": not _is_settled(one),
        "confirm": ngettext("Import %(n)s person", "Import %(n)s people", to_write)
        % {"n": number_format(to_write, force_grouping=True)},
        "people": f"{reverse('audience:contacts')}?import={public_id}",
        **_speed(one, asked),
    }  # fmt: skip


def _speed(one: Import, asked: Mapping[str, str]) -> dict[str, Any]:
    """How fast it goes since the page was opened (its first look is carried along), and when it will be done."""
    if one.state not in Import.AT_WORK:
        return {}
    now, share = timezone.now().timestamp(), progress(one)
    first = asked.get("since", "").split("-")
    state, began, rows, part = first if len(first) == 4 else ("", "", "", "")
    if state != one.state or not all(text.replace(".", "", 1).isdecimal() for text in (began, rows, part)):
        state, began, rows, part = one.state, f"{now:.1f}", str(one.rows_done), f"{share:.6f}"
    seconds, done = now - float(began), share - float(part)
    rate = (one.rows_done - float(rows)) / seconds if seconds > 1 else 0
    eta = (1 - share) / done * seconds if done > 0 and seconds > 1 else None
    return {
        "share": round(share * 100), "since": f"{state}-{began}-{rows}-{part}",
        "rate": _("%(n)s lines a second") % {"n": number_format(round(rate), force_grouping=True)} if rate >= 1 else "",
        "eta": _left(eta) if eta is not None else "",
    }  # fmt: skip


def _left(seconds: float) -> str:
    if seconds < 60:
        return _("less than a minute left")
    minutes = round(seconds / 60)
    return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}


def _lines(one: Import) -> list[Line]:
    return [
        Line(label, meaning, one.counts.get(name, 0), one.results.get(name, 0) if one.results else None)
        for name, (label, meaning) in _OUTCOMES.items()
    ] if one.counts else []  # fmt: skip


def _steps(one: Import) -> list[tuple[StrOrPromise, str]]:
    """(name, "done", "now" or "") of the steps of an import."""
    names = (gettext_lazy("File"), gettext_lazy("Columns"), gettext_lazy("Check"), gettext_lazy("Import"))
    at = {State.UPLOADED: 1, State.STAGING: 2, State.CHECKED: 3, State.RUNNING: 3, State.COMPLETED: 4}
    now = at.get(State(one.state), 3 if one.counts else 2)
    return [(name, "done" if number < now else "now" if number == now else "") for number, name in enumerate(names)]


def _is_settled(one: Import) -> bool:
    """Whether what the columns mean cannot be changed any more."""
    return one.state in (*Import.AT_WORK, State.COMPLETED) or bool(one.results) or not one.file
