"""Filters of lists: each reads its part of the query string, narrows the rows, and says in words what it does."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django_stubs_ext import StrOrPromise

Rows = QuerySet[Any]
Choices = Iterable[tuple[Any, StrOrPromise]]


@dataclass(frozen=True)
class Filter(ABC):
    """`name` stands in the query string, `label` before the choice."""

    name: str
    label: StrOrPromise

    @abstractmethod
    def narrow(self, rows: Rows, value: str) -> Rows:
        """The rows that remain; all of them when the value means nothing."""

    def words(self, value: str) -> str:
        """The value as its chip shows it; blank: it means nothing, and there is no chip."""
        return value

    def value(self, asked: Mapping[str, str]) -> str:
        return asked.get(self.name, "").replace("\x00", "").strip()


@dataclass(frozen=True)
class Words(Filter):
    """The field above the list. `by(rows, words)` searches; it answers from an index."""

    by: Callable[[Rows, str], Rows]
    widget = "search"

    def narrow(self, rows: Rows, value: str) -> Rows:
        return self.by(rows, value)


@dataclass(frozen=True)
class Choice(Filter):
    """One of several. `choices`: (value, words) or what gives them; `by`: a field, or what narrows."""

    choices: Choices | Callable[[], Choices]
    by: str | Callable[[Rows, str], Rows] = ""
    widget = "choice"

    def options(self) -> list[tuple[str, str]]:
        given = self.choices() if callable(self.choices) else self.choices
        return [(str(value), str(words)) for value, words in given]

    def narrow(self, rows: Rows, value: str) -> Rows:
        if not self.words(value):
            return rows
        return self.by(rows, value) if callable(self.by) else rows.filter(**{self.by or self.name: value})

    def words(self, value: str) -> str:
        return dict(self.options()).get(value, "")


@dataclass(frozen=True)
class Since(Filter):
    """From a day on; `by` is the field with the time."""

    by: str
    widget = "date"

    def narrow(self, rows: Rows, value: str) -> Rows:
        day = _day(value)
        return rows.filter(**{f"{self.by}__gte": datetime.combine(day, time.min, UTC)}) if day else rows

    def words(self, value: str) -> str:
        day = _day(value)
        return date_format(day, "DATE_FORMAT") if day else ""


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
