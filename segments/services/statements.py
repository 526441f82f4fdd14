"""The statements of sql/importing.sql, put together for an update policy."""

import re
from functools import cache

from config.lib.sql import queries

_PART = re.compile(r"\{(\w+)\}")


@cache
def statement(name: str, policy: str) -> str:
    """A statement whose {parts} are replaced by the statements they name; {merged} is that of the policy."""
    parts = queries("segments", "importing")
    text = parts[name]
    while _PART.search(text):
        text = _PART.sub(lambda part: parts[policy if part[1] == "merged" else part[1]], text)
    return text
