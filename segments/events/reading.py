"""The items of a body. What cannot be read is cut out by itself, so that the items around it come through."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import orjson

from config.lib.errors import DomainError

MOST_BYTES = 500_000  # of a body
MOST_ITEMS = 10_000
_LISTS = ("batch", "events")
# Strings as wholes, even one that never ends, so that what is inside them is no bracket; in linear time.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.?)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)


class MalformedBody(DomainError):
    """This is not JSON in UTF-8."""

    code = "malformed"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that is no JSON, as it came."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body: its items, and what stands beside them and holds for all (`sentAt`, `writeKey`, …)."""

    items: list[Any]
    envelope: Mapping[str, Any] = field(default_factory=dict)
    is_batch: bool = True


def read(body: bytes) -> Delivery:
    """One event, a list of events, or an object with a list `batch` or `events`. Raises MalformedBody."""
    try:
        return _delivery(orjson.loads(body))
    except orjson.JSONDecodeError:
        return _rescued(body)


def _delivery(found: Any) -> Delivery:
    if isinstance(found, list):
        return Delivery(_limited(found))
    if isinstance(found, dict):
        for name in _LISTS:
            if isinstance(found.get(name), list):
                return Delivery(_limited(found.pop(name)), found)
    return Delivery([found], is_batch=False)


def _limited(items: list[Any]) -> list[Any]:
    if len(items) > MOST_ITEMS:
        raise MalformedBody(f"A batch has at most {MOST_ITEMS:,} events: split it.")
    return items


def _rescued(body: bytes) -> Delivery:
    """The items around the one that is no JSON: NaN, invalid UTF-8, nested too deeply."""
    begin, end, cuts = _bounds(body)
    if end is None:
        raise MalformedBody
    try:
        outside = _delivery(orjson.loads(body[:begin] + body[end:]))
    except orjson.JSONDecodeError:
        raise MalformedBody from None
    if not outside.is_batch:  # the list was part of a single event
        raise MalformedBody
    edges = [begin, *cuts, end]
    raw = [body[left:right].strip(b", \t\r\n") for left, right in pairwise(edges)]
    return Delivery(_limited([_item(text) for text in raw]), outside.envelope)


def _bounds(body: bytes) -> tuple[int, int | None, list[int]]:
    """Where the first list that is the body, or stands right in it, begins, ends and has its commas."""
    begin, cuts = 0, []
    for depth, token, position in _brackets(body):
        if not begin and token == b"[" and depth <= 1:
            begin, inside = position + 1, depth + 1
        elif begin and token == b"," and depth == inside:
            cuts.append(position)
        elif begin and token == b"]" and depth == inside:
            return begin, position, cuts
    return begin, None, cuts


def _brackets(body: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(depth it stands in, token, position) of each bracket and comma outside of strings."""
    depth = 0
    for match in _TOKEN.finditer(body):
        token = match[0]
        yield depth, token, match.start()
        depth += (token in (b"[", b"{")) - (token in (b"]", b"}"))


def _item(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Unreadable(raw)
