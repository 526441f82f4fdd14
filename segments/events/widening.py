"""A schema that also lets certain properties in: what is known stays as strict as it can. Pure."""

from collections.abc import Mapping
from typing import Any

_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"), (int, "number"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"),
)  # fmt: skip


def widened(schema: Mapping[str, Any] | None, properties: Mapping[str, Any], at_fault: str = "") -> dict[str, Any]:
    """The schema (None: of a new event type) with each property that it lacks, or of whose type it has another.

    What is required but was left out is required no more. Other limits (lengths, patterns, values, what is inside)
    stay, but for a property that is of a new type or `at_fault`.
    """
    before = dict(schema or {"type": "object", "properties": {}, "additionalProperties": False})
    known = dict(before.get("properties", {}))
    for name, value in properties.items():
        types = _types(known.get(name))
        if _type_of(value) not in types or name == at_fault:
            known[name] = {"type": sorted({*types, _type_of(value), "null"})}
    required = [name for name in before.pop("required", []) if name in properties]
    return {**before, "properties": known, **({"required": required} if required else {})}


def _types(one: Any) -> list[str]:
    given = one.get("type", []) if isinstance(one, Mapping) else []
    return [given] if isinstance(given, str) else list(given)


def _type_of(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")
