"""Segment's messages in our shape (https://segment.com/docs/connections/spec/common/), and ids in every spelling."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

IDENTIFIED, ALIASED = "contact_identified", "contact_aliased"
_TYPES = {
    "identify": IDENTIFIED,
    "alias": ALIASED,
    "page": "page_viewed",
    "screen": "screen_viewed",
    "group": "group_joined",
}
KINDS = (*_TYPES, "track")
_NAMED = {
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "previous_id": "previousId",
    "session_id": "sessionId",
    "timestamp": "timestamp",
    "sent_at": "sentAt",
    "context": "context",
}
_BREAKS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")


def from_segment(message: Mapping[str, Any], *, kind: str, sent_at: Any, namespace: str) -> dict[str, Any]:
    """A message of Segment's libraries as an event. `kind` is the route's, unless the message itself says `type`.

    What has no place with us (integrations, group traits, most of the context) is left behind. `namespace` keeps
    message ids that are no UUIDs apart by sender.
    """
    kind = str(message.get("type") or kind)
    event = {ours: message[theirs] for ours, theirs in _NAMED.items() if message.get(theirs) is not None}
    event.setdefault("timestamp", message.get("originalTimestamp"))
    event.setdefault("sent_at", sent_at)
    event["event_id"] = _message_id(message.get("messageId"), namespace)
    event["event_type"] = _TYPES.get(kind) or _event_name(message.get("event"), kind)
    event["properties"] = _properties(message, kind)
    if kind == "identify":
        event["traits"] = message.get("traits") or {}
    return event


def _properties(message: Mapping[str, Any], kind: str) -> Any:
    if kind == "group":
        return {"group_id": message.get("groupId")}
    if kind in ("identify", "alias"):
        return {}
    given = message.get("properties") or {}
    named = {name: message[name] for name in ("name", "category") if kind != "track" and message.get(name)}
    return {**named, **given} if isinstance(given, Mapping) else given


def _event_name(event: Any, kind: str) -> Any:
    return snake(event) if kind == "track" and isinstance(event, str) else event or kind


@lru_cache(1 << 12)
def snake(name: str) -> str:
    """Order Completed, orderCompleted and order_completed are one."""
    return "_".join(part.lower() for part in _BREAKS.split(name[:200]) if part)


def _message_id(given: Any, namespace: str) -> str:
    if given in (None, ""):
        return str(uuid4())
    found = read_uuid(given)
    return str(found or uuid5(NAMESPACE_URL, f"{namespace}/{given}"))


def read_uuid(given: Any) -> UUID | None:
    """Upper or lower case, with or without hyphens, braces or urn:uuid:. None for what is no UUID."""
    if not isinstance(given, str) or not 32 <= len(given) <= 45:
        return None
    try:
        return UUID(given)
    except ValueError:
        return None
