"""Named SQL beside the code that runs it: `<app>/sql/<noun>.sql`, statements under `-- name: <name>`."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings

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
