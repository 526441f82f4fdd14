"""Filters of contacts whose value is a row, or is nobody's to read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from config.lib import public_ids
from config.lib.errors import NotFound
from config.pages.filters import Filter, Rows, Words
from segments.selectors.choosing import unsealed


@dataclass(frozen=True)
class SealedWords(Words):
    """Words that are kept out of addresses, histories and logs: sent by POST, then carried sealed."""

    def value(self, asked: Mapping[str, str]) -> str:
        return unsealed(super().value(asked))


@dataclass(frozen=True)
class RowChoice(Filter):
    """One row of another table by its public id. A row that is gone, or was never there, fits nobody: never everybody.

    `offered` gives (pk, words) of what can be chosen; what is not offered any more is still understood.
    """

    kind: str
    source: Callable[[], QuerySet[Any]]
    offered: Callable[[], list[tuple[int, str]]]
    by: Callable[[Rows, int], Rows]
    widget = "choice"

    def options(self) -> list[tuple[str, str]]:
        return [(public_ids.encode(self.kind, pk), words) for pk, words in self.offered()]

    def narrow(self, rows: Rows, value: str) -> Rows:
        row = self._row(value)
        return self.by(rows, row.pk) if row else rows.none()

    def words(self, value: str) -> StrOrPromise:  # type: ignore[override]
        return str(self._row(value) or _("not there any more"))

    def _row(self, value: str) -> Model | None:
        try:
            return self.source().filter(pk=public_ids.decode(self.kind, value)).first()
        except NotFound:
            return None
