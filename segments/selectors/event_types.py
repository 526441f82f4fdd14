"""Reads of the schema registry."""

from collections.abc import Iterable

import orjson

from segments.events.schemas import KnownType, compiled
from segments.models import EventType


def known_types(names: Iterable[str]) -> dict[str, KnownType]:
    """The event types with these names, as they are now: one small query, since a version compiles once only."""
    rows = EventType.objects.filter(name__in=set(names), current__isnull=False).values_list(
        "pk", "name", "current_id", "current__schema"
    )
    return {
        name: KnownType(pk, name, version_id, compiled(version_id, orjson.dumps(schema)))
        for pk, name, version_id, schema in rows
    }
