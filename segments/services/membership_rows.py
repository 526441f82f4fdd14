"""Running the statements of sql/memberships.sql."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from config.lib.sql import queries


def run(name: str, **values: Any) -> None:
    """Run a statement that gives no rows."""
    with connection.cursor() as cursor:
        cursor.execute(queries("segments", "memberships")[name], values)


def rows(name: str, parts: dict[str, str] | None = None, **values: Any) -> list[Any]:
    """The rows of a statement; `parts` are put in place of what it has in braces."""
    text = queries("segments", "memberships")[name]
    for part, sql in (parts or {}).items():
        text = text.replace(f"{{{part}}}", sql)
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall())


def row(name: str, parts: dict[str, str] | None = None, **values: Any) -> Any:
    """Its first row, or None."""
    return next(iter(rows(name, parts, **values)), None)


def hold(*, watches: Collection[str] = (), segments: Collection[int] = ()) -> list[int]:
    """The locks under which members are written, of segments that depend on these or are these; whose they are."""
    return [pk for pk, _lock in rows("hold", watches=list(watches), segments=list(segments))]
