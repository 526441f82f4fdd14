"""Whether an event is let in, and what is kept of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from config.lib.errors import DomainError
from segments.cleaning import FIELDS, one_line
from segments.errors import RefusedEvent
from segments.events.reading import Unreadable
from segments.events.schemas import KnownType
from segments.events.spelling import ALIASED, IDENTIFIED, read_uuid

MOST_BYTES = 32_000  # of an event, as Segment has it
DEEPEST = 20
EARLY = timedelta(minutes=5)
_FAR = timedelta(days=1)
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_FIELDS = frozenset({
    "event_id", "event_type", "timestamp", "sent_at", "received_at", "user_id", "anonymous_id", "session_id",
    "properties", "context", "traits", "previous_id",
})  # fmt: skip
# What is kept of Segment's context: where somebody came from. No addresses, devices or places of people.
_CONTEXT = {
    "campaign": ("name", "source", "medium", "term", "content"),
    "page": ("path", "referrer", "search", "title", "url"),
}


@dataclass(slots=True)
class Event:
    """An event that may come in. `occurred_at` is by the client's clock corrected by how far it is off."""

    event_id: UUID
    type: KnownType
    occurred_at: datetime
    claimed_at: datetime | None
    is_early: bool
    user_id: str | None
    anonymous_id: str | None
    session_id: str
    properties: dict[str, Any]
    context: dict[str, Any]
    traits: dict[str, Any] = field(default_factory=dict)
    given: Any = None


def type_name(item: Any) -> str:
    """The name of its event type, as far as it can be read."""
    name = item.get("event_type") if isinstance(item, Mapping) else None
    return name[:100] if isinstance(name, str) and name.isprintable() else ""


def judge(item: Any, types: Mapping[str, KnownType], *, at: datetime) -> Event:
    """The event in an item that came in at `at`. Raises RefusedEvent with the pointer of the first thing wrong."""
    _check_form(item)
    event_id = read_uuid(item.get("event_id"))
    if event_id is None:
        raise RefusedEvent("invalid_id", "must be a UUID", "/event_id")
    kind = _known(item, types)
    properties = item.get("properties") or {}
    if not isinstance(properties, dict):
        raise RefusedEvent("wrong_type", "must be an object", "/properties")
    kind.schema.check(properties)
    user_id, anonymous_id = _who(item, kind.name)
    occurred_at, claimed_at, is_early = _times(item, at)
    return Event(
        event_id, kind, occurred_at, claimed_at, is_early, user_id, anonymous_id, _session(item), properties,
        _context(item.get("context")), _traits(item, kind.name), item,
    )  # fmt: skip


def _check_form(item: Any) -> None:
    if isinstance(item, Unreadable):
        raise RefusedEvent("malformed", "is no JSON in UTF-8: NaN, broken text, or nested too deeply")
    if not isinstance(item, dict):
        raise RefusedEvent("malformed", "must be an object")
    try:
        text = orjson.dumps(item)
    except orjson.JSONEncodeError:
        raise RefusedEvent("too_deep", f"is nested more than {DEEPEST} deep") from None
    if len(text) > MOST_BYTES:
        raise RefusedEvent("too_large", f"has {len(text):,} bytes, at most {MOST_BYTES:,} are taken")
    if text.count(b"{") + text.count(b"[") > DEEPEST and (place := _find(item, "", 0, _too_deep)) is not None:
        raise RefusedEvent("too_deep", f"is nested more than {DEEPEST} deep", place)
    if b"\\u0000" in text and (place := _find(item, "", 0, _holds_nul)) is not None:
        raise RefusedEvent("invalid_text", "holds the character NUL, which nothing can store", place)
    if unknown := item.keys() - _FIELDS:
        raise RefusedEvent("unknown_field", "is no field of an event", _below("", min(unknown)))


def _find(value: Any, place: str, depth: int, is_wrong: Callable[[Any, int], bool]) -> str | None:
    """The pointer of the first thing wrong."""
    if is_wrong(value, depth):
        return place[:500]
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = (_find(one, _below(place, name), depth + 1, is_wrong) for name, one in below)
    return next((one for one in found if one is not None), None)


def _below(place: str, name: Any) -> str:
    return f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}"[:500]


def _too_deep(value: Any, depth: int) -> bool:
    return depth > DEEPEST


def _holds_nul(value: Any, depth: int) -> bool:
    return "\x00" in value if isinstance(value, str) else isinstance(value, dict) and any("\x00" in n for n in value)


def _known(item: Mapping[str, Any], types: Mapping[str, KnownType]) -> KnownType:
    name = item.get("event_type")
    if not isinstance(name, str) or not name:
        raise RefusedEvent("wrong_type", "must be the name of an event type", "/event_type")
    if name not in types:
        raise RefusedEvent("unknown_type", "is not registered: accept it as a new event type", "/event_type")
    return types[name]


def _who(item: Mapping[str, Any], kind: str) -> tuple[str | None, str | None]:
    user_id, visitor = _ident(item, "user_id", FIELDS["external_id"]), _ident(item, "anonymous_id", _key)
    if kind == ALIASED:
        visitor = _ident(item, "previous_id", _key)
        if not (user_id and visitor):
            raise RefusedEvent("missing_field", "an alias names both", "/previous_id" if user_id else "/user_id")
    if not user_id and not visitor and not (kind == IDENTIFIED and item.get("traits")):
        raise RefusedEvent("missing_field", "give user_id or anonymous_id: somebody did it", "/anonymous_id")
    return user_id, visitor


def _ident(item: Mapping[str, Any], name: str, clean: Callable[[str], str]) -> str | None:
    value = item.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RefusedEvent("wrong_type", "must be text", f"/{name}")
    try:
        return clean(str(value).strip()) or None
    except DomainError as error:
        raise RefusedEvent("invalid_id", error.detail, f"/{name}") from None


def _key(text: str) -> str:
    return one_line(text, 255)


def _session(item: Mapping[str, Any]) -> str:
    return _ident(item, "session_id", _key) or ""


def _times(item: Mapping[str, Any], at: datetime) -> tuple[datetime, datetime | None, bool]:
    """When it happened, what the client claimed where that differs, and whether it claimed the future.

    A clock that is off is off alike for `timestamp` and `sent_at`, and what was sent at `sent_at` came in at `at`.
    What claims to come later than the correction allows happened when it came in.
    """
    claimed, sent_at = _moment(item, "timestamp"), _moment(item, "sent_at")
    if claimed is None:
        return at, None, False
    occurred = _corrected(claimed, sent_at, at)
    if not _OLDEST <= occurred <= at + _FAR:
        raise _out_of_range("timestamp")
    is_early = occurred > at + EARLY
    occurred = min(occurred, at) if is_early else occurred
    return occurred, claimed if claimed != occurred else None, is_early


def _corrected(claimed: datetime, sent_at: datetime | None, at: datetime) -> datetime:
    try:
        return claimed + (at - sent_at) if sent_at else claimed
    except OverflowError:
        raise _out_of_range("sent_at") from None


def _out_of_range(name: str) -> RefusedEvent:
    return RefusedEvent("out_of_range", "is before the year 2000 or more than a day ahead", f"/{name}")


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    text = item.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise RefusedEvent("invalid_time", "must be a time as 2026-05-01T10:00:00.000Z", f"/{name}") from None
    return found


def _context(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return {}
    kept = {
        part: {name: text[:2000] for name in names if isinstance(text := given[part].get(name), str)}
        for part, names in _CONTEXT.items()
        if isinstance(given.get(part), Mapping)
    }
    return {part: values for part, values in kept.items() if values}


def _traits(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    given = item.get("traits") or {}
    if not isinstance(given, dict):
        raise RefusedEvent("wrong_type", "must be an object", "/traits")
    if given and kind != IDENTIFIED:
        raise RefusedEvent("unknown_field", f"belong to {IDENTIFIED} alone", "/traits")
    return given
