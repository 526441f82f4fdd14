"""Who wrote each attribute last. Noted by whoever lets it be written, once for all people, in the same transaction."""

from collections.abc import Iterable

from config.lib.sql import Statements
from segments.models import Attribute

_SQL = Statements("segments", "catalogue")


def note_writer(names: Iterable[str], kind: Attribute.Writer, name: str, *, row: int | None = None) -> None:
    """The same writer is noted once a minute, another once a second, and nobody waits for whoever is at it.

    `names`: of attributes; others are passed over. `name`: of the writer; `row`: its id, of an import.
    """
    if asked := sorted({one for one in names if one.isidentifier()}):
        _SQL.count("note_writer", names=asked, kind=kind, name=name[:200], row=row)
