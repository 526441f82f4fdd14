"""The base of every list page: paging, sorting, filters and columns by the query string, and what is done to many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from config.lib import public_ids
from config.lib.errors import Conflict, NotFound
from config.pages.filters import Filter
from config.pages.paging import Order, Slice, Total, page_of, total_of
from config.pages.views import Action, Need, Page

_YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True)
class Column:
    """A column. The first one of a list carries the link that opens a row, and cannot be hidden.

    `value`: what gives the value of a row; None: its attribute `key`. `kind`: how it is drawn (parts/cell.html: text,
    number, percent, ago, exact, state, yes, money, template). `sort`: the field it sorts by; blank: it does not.
    `under` gives a quiet second line. `template`: for kind "template"; it gets `row` and `value`.
    """

    key: str
    label: StrOrPromise
    value: Callable[[Any], Any] | None = None
    kind: str = "text"
    sort: str = ""
    nullable: bool = False
    shown: bool = True
    under: Callable[[Any], Any] | None = None
    template: str = ""
    hint: StrOrPromise = ""

    def of(self, row: Any) -> Any:
        return self.value(row) if self.value else getattr(row, self.key)


@dataclass(frozen=True)
class Bulk:
    """What can be done to the rows that are ticked: by the method `bulk_<name>(rows)`, which says what was done.

    `label`: on the button and in the question, before the number: "Archive" asks "Archive 12 campaigns?".
    `fields`: a template of what else is asked there.
    """

    name: str
    label: StrOrPromise
    need: Need
    question: StrOrPromise = ""  # what it means, in a sentence
    dangerous: bool = False
    fields: str = ""


@dataclass(frozen=True)
class Empty:
    """What an empty list says: what would be here, and the first step."""

    title: StrOrPromise
    sentence: StrOrPromise
    action: Action | None = None
    icon: str = "list"


class ListPage(Page):
    """Subclasses name `columns`, `rows()`, and what else they have of the rest."""

    template_name = "pages/list.html"
    name: ClassVar[str]  # in the cookie that remembers the columns
    noun: tuple[StrOrPromise, StrOrPromise]  # ("campaign", "campaigns")
    kind: ClassVar[str] = ""  # of the public ids; blank: rows have none
    columns: Sequence[Column] = ()
    filters: Sequence[Filter] = ()
    default_sort = ""  # a column's key, "-" before it: downwards
    empty: Empty
    bulk: Sequence[Bulk] = ()
    size = 50

    def rows(self) -> QuerySet[Any]:
        """All rows somebody may see, with what the columns need (select_related, annotations)."""
        raise NotImplementedError

    def url_of(self, row: Any) -> str:
        """Where a row opens; blank: nowhere."""
        return ""

    def total(self, rows: QuerySet[Any]) -> Total:
        return total_of(rows)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "columns" in request.GET:
            return self._remember_columns()
        part = self._slice()
        self.prepare(part.rows)
        return self.render(
            lines=[Line(row, self.url_of(row), self._id(row), [Cell(c, c.of(row), c.under(row) if c.under else "")
                   for c in self.shown_columns]) for row in part.rows],
            slice=part, total=self.total(self.narrowed), **self.context(part.rows),
        )  # fmt: skip

    def prepare(self, rows: list[Any]) -> None:
        """What the cells of just these rows need, looked up at once and put on them."""

    def context(self, rows: list[Any]) -> dict[str, Any]:
        """More for the template, such as figures looked up for just these rows."""
        return {}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises NotFound for an action that is not offered."""
        action = next((one for one in self.actions if one.name == request.POST.get("action")), None)
        if action is None:
            raise NotFound
        rows = self.narrowed if request.POST.get("everything") else self.rows().filter(pk__in=self._ticked())
        if not request.POST.get("everything") and not request.POST.getlist("row"):
            raise Conflict(_("Nothing is ticked."))
        return self.done(getattr(self, f"bulk_{action.name}")(rows), request.get_full_path())

    @cached_property
    def actions(self) -> list[Bulk]:
        return [one for one in self.bulk if self.may(one.need)]

    @cached_property
    def narrowed(self) -> QuerySet[Any]:
        rows = self.rows()
        for one in self.filters:
            if value := one.value(self.request.GET.dict()):
                rows = one.narrow(rows, value)
        return rows

    @cached_property
    def chosen(self) -> list["Chosen"]:
        """Every filter with what is chosen of it."""
        asked: Any = self.request.GET.dict()
        return [Chosen(one, value, one.words(value) if value else "", self._without(one))
                for one in self.filters for value in [one.value(asked)]]  # fmt: skip

    def _without(self, one: Filter) -> str:
        asked = self.request.GET.copy()
        for name in (one.name, "after", "before"):
            asked.pop(name, None)
        return f"{self.request.path}?{asked.urlencode()}" if asked else self.request.path

    @property
    def chips(self) -> list["Chosen"]:
        return [one for one in self.chosen if one.words]

    @cached_property
    def order(self) -> tuple[Column, bool]:
        """(column, whether downwards)."""
        for text in (self.request.GET.get("sort", ""), self.default_sort):
            found = [one for one in self.columns if one.sort and one.key == text.removeprefix("-")]
            if found:
                return found[0], text.startswith("-")
        return Column("pk", "", sort="pk"), True

    @cached_property
    def headings(self) -> list[tuple[Column, str, str]]:
        """(column, "ascending"/"descending"/"" as it is sorted now, what a click asks for)."""
        by, down = self.order
        now = "descending" if down else "ascending"
        return [(one, now if one is by else "", one.key if one is by and down else
                 f"-{one.key}" if one is by or one.kind in ("number", "ago", "exact", "percent", "money") else one.key)
                for one in self.shown_columns]  # fmt: skip

    @cached_property
    def shown_columns(self) -> list[Column]:
        kept = self.request.COOKIES.get(f"columns-{self.name}")
        if kept is None:
            return [one for number, one in enumerate(self.columns) if one.shown or number == 0]
        keys = kept.split(".")
        return [one for number, one in enumerate(self.columns) if one.key in keys or number == 0]

    def _slice(self) -> Slice:
        column, down = self.order
        asked = self.request.GET
        order = Order(column.sort, down, column.nullable)
        return page_of(self.narrowed, order, after=asked.get("after", ""), before=asked.get("before", ""),
                       size=self.size)  # fmt: skip

    def _remember_columns(self) -> HttpResponse:
        asked = self.request.GET.copy()
        known = {one.key for one in self.columns}
        keys = [key for key in asked.getlist("columns") if key in known]
        asked.pop("columns")
        response = redirect(f"{self.request.path}?{asked.urlencode()}" if asked else self.request.path)
        if keys:
            response.set_cookie(f"columns-{self.name}", ".".join(keys), max_age=_YEAR_S, samesite="Lax", httponly=True)
        else:
            response.delete_cookie(f"columns-{self.name}")
        return response

    def _id(self, row: Any) -> str:
        return public_ids.encode(self.kind, row.pk) if self.kind else str(row.pk)

    def _ticked(self) -> list[int]:
        given = self.request.POST.getlist("row")
        return [public_ids.decode(self.kind, one) for one in given] if self.kind else [int(one) for one in given]


@dataclass(frozen=True)
class Chosen:
    """A filter with its value, that in words, and the address of the list without it."""

    filter: Filter
    value: str
    words: str
    without: str


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any
    under: Any


@dataclass(frozen=True)
class Line:
    """A row as the template draws it."""

    row: Any
    url: str
    id: str
    cells: list[Cell]
