"""The filters a message may use, and how much each may read and make (STANDARDS B8.2).

The library's limits stop loops and output but no filter: `{{ (1..50000000) | join }}` took it seconds and a gigabyte.
So every call goes through `apply`, which looks before it leaps: at each operand, and at how long the result would be.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterArgumentError
from liquid.undefined import Undefined
from markupsafe import Markup

from templates.dialect import hrefs

if TYPE_CHECKING:
    from templates.dialect import Context

MAX_TEXT = 100_000  # characters
MAX_ITEMS = 1_000
MAX_NUMBER = 10**15
_ARITHMETIC = frozenset("abs at_least at_most ceil divided_by floor minus modulo plus round sum times".split())

# No %s (the machine's zone), no %c %x %X %r (its locale), and no width: %9999999d is ten megabytes.
_DATE_FORMAT = re.compile(r"(?:[^%]|%[-_0^#]?[aAbBdeFHIjklmMpPSTuUVwWyYzZ%]){0,200}")


def apply(context: "Context", name: str, function: Callable[..., Any], value: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a filter within its limits. Raises FilterArgumentError, or MissingMergeTag for a missing operand."""
    if name not in {"default", "size"}:
        value, args = _present(value), tuple(map(_present, args))
    context.charge(sum(map(_size, (value, *args))) + _made(name, value, args))
    result = function(value, *args, **kwargs)
    context.charge(_size(result))
    if name in _ARITHMETIC and isinstance(result, int | float) and not abs(result) <= MAX_NUMBER:
        raise FilterArgumentError(f"a number beyond {MAX_NUMBER:,}", token=None)
    return result


def _present(value: Any) -> Any:
    return str(value) if isinstance(value, Undefined) else value


def _size(value: Any) -> int:
    """The size of an operand: characters, items, or 1. Raises FilterArgumentError when it is too large."""
    if isinstance(value, str):
        return _within(len(value), MAX_TEXT, "text")
    if isinstance(value, list | tuple | dict | range):
        return _within(len(value), MAX_ITEMS, "a list")
    return 1


def _within(size: int, limit: int, what: str) -> int:
    if size > limit:
        raise FilterArgumentError(f"{what} of {size:,}; {limit:,} may be", token=None)
    return size


def _made(name: str, value: Any, args: tuple[Any, ...]) -> int:
    """How large the result will be, for those filters that can make much out of little."""
    if name == "replace" and args:
        text, old, new = str(value), str(args[0]), str(args[1]) if len(args) > 1 else ""
        return _within(len(text) + text.count(old) * len(new), MAX_TEXT, "text")
    if name == "join" and isinstance(value, list | tuple | range):
        gap = len(str(args[0])) if args else 1
        return _within(sum(len(str(item)) + gap for item in value), MAX_TEXT, "text")
    if name == "split" and args:
        text, separator = str(value), str(args[0])
        return _within(text.count(separator) + 1 if separator else len(text), MAX_ITEMS, "a list")
    return 0


def format_date(value: object, pattern: str = "%Y-%m-%d") -> object:
    """A date, an ISO 8601 text or a number of seconds since 1970 (UTC), written by a pattern of strftime.

    What is no date stays as it is. There is no `now`: the same message has the same bytes on every day.
    """
    moment = _moment(value)
    if moment is None:
        return value
    if not _DATE_FORMAT.fullmatch(str(pattern)):
        raise FilterArgumentError(f"the date format {str(pattern)[:50]!r} is not supported", token=None)
    written = moment.strftime(str(pattern))
    return Markup(written) if isinstance(pattern, Markup) else written  # noqa: S704 - the author's own pattern


def _moment(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    return value if isinstance(value, datetime) else None


ALLOWED: dict[str, Callable[..., Any]] = {
    "abs": math.abs_,
    "append": string.append,
    "at_least": math.at_least,
    "at_most": math.at_most,
    "capitalize": string.capitalize,
    "ceil": math.ceil,
    "compact": array.compact,
    "concat": array.concat,
    "date": format_date,
    "default": misc.default,
    "divided_by": math.divided_by,
    "downcase": string.downcase,
    "escape": string.escape,
    "first": array.first,
    "floor": math.floor,
    "join": array.join,
    "last": array.last,
    "lstrip": string.lstrip,
    "map": array.map_,
    "minus": math.minus,
    "modulo": math.modulo,
    "newline_to_br": string.newline_to_br,
    "plus": math.plus,
    "prepend": string.prepend,
    "remove": string.remove,
    "remove_first": string.remove_first,
    "replace": string.replace,
    "replace_first": string.replace_first,
    "reverse": array.reverse,
    "round": math.round_,
    "rstrip": string.rstrip,
    "size": misc.size,
    "slice": string.slice_,
    "sort": array.sort,
    "split": string.split,
    "squish": string.squish,
    "strip": string.strip,
    "strip_html": string.strip_html,
    "strip_newlines": string.strip_newlines,
    "sum": array.sum_,
    "times": math.times,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "uniq": array.uniq,
    "upcase": string.upcase,
    "url_encode": hrefs.url_encode,
    "where": array.where,
}

# A text part made from HTML keeps the filters that the HTML needed.
WITHOUT_HTML: dict[str, Callable[..., Any]] = {"escape": str, "newline_to_br": str}
