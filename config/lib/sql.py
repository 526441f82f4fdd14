"""Named SQL beside the code that runs it: `<app>/sql/<noun>.sql`, statements under `-- name: <name>`."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

_NAME = re.compile(r"(?:^--(?! name:).*\n)*^-- name: (\w+)$", re.MULTILINE)  # with the comment above it


@cache
def queries(app: str, noun: str) -> dict[str, str]:
    """The statements of one file by name. Raises ValueError on a name given twice or an empty statement."""
    path = Path(settings.BASE_DIR) / app / "sql" / f"{noun}.sql"
    parts = _NAME.split(path.read_text())[1:]
    found: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in found or not body.strip():
            raise ValueError(f"{path}: {name!r} is empty or given twice")
        found[name] = body.strip().rstrip(";")
    return found


class Statements:
    """The statements of one file, run by name. `parts` are put in place of what a statement has in braces."""

    def __init__(self, app: str, noun: str) -> None:
        self._file = (app, noun)

    def text(self, name: str, parts: Mapping[str, str] | None = None) -> str:
        """A statement with its parts in place."""
        text = queries(*self._file)[name]
        for part, sql in (parts or {}).items():
            text = text.replace(f"{{{part}}}", sql)
        return text

    def rows(self, name: str, parts: Mapping[str, str] | None = None, /, **values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows; for those without rows, an empty list."""
        with connection.cursor() as cursor:
            cursor.execute(self.text(name, parts), values)
            return cursor.fetchall() if cursor.description else []

    def row(self, name: str, parts: Mapping[str, str] | None = None, /, **values: Any) -> Any:
        """Run a statement and give its first row, or None."""
        return next(iter(self.rows(name, parts, **values)), None)

    def count(self, name: str, parts: Mapping[str, str] | None = None, /, **values: Any) -> int:
        """Run a statement and tell how many rows it wrote."""
        with connection.cursor() as cursor:
            cursor.execute(self.text(name, parts), values)
            return int(cursor.rowcount)
