"""A schema as people read it: a line for each property, and what differs between two. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_LIMITS = ("minLength", "maxLength", "pattern", "format", "minimum", "maximum", "enum", "minItems", "maxItems")


@dataclass(frozen=True, slots=True)
class Property:
    """One property: the JSON types it may have (none: any), whether it must be there, and its limits in words."""

    name: str
    types: tuple[str, ...]
    required: bool
    limits: str


def properties_of(schema: Mapping[str, Any] | None) -> list[Property]:
    """The properties on the first level, in the order of the schema."""
    given = schema or {}
    required = given.get("required", [])
    return [_property(name, one, name in required) for name, one in given.get("properties", {}).items()]


def _property(name: str, one: Any, required: bool) -> Property:
    facts = one if isinstance(one, Mapping) else {}
    types = facts.get("type", ())
    limits = ", ".join(f"{limit} {facts[limit]}" for limit in _LIMITS if limit in facts)
    return Property(name, (types,) if isinstance(types, str) else tuple(types), required, limits)


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> Iterator[tuple[Property | None, Property | None]]:
    """(as it was, as it becomes) of each property that differs; None where there is none."""
    old = {one.name: one for one in properties_of(before)}
    new = {one.name: one for one in properties_of(after)}
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            yield old.get(name), new.get(name)
