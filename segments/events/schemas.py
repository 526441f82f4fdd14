"""JSON Schemas of properties, compiled once, and what is wrong in words that repeat no value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from config.lib.errors import FieldError, Invalid
from segments.errors import RefusedEvent

_PROPERTY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$ .-]{0,99}\Z")
_UNKNOWN = ("additionalProperties", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class KnownType:
    """An event type as the registry has it now."""

    pk: int
    name: str
    version_id: int
    schema: "CompiledSchema"


class CompiledSchema:
    """The schema of one version."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        # linear-time patterns, and nothing is fetched: a schema is an operator's text, an event is anybody's
        self._validator = jsonschema_rs.validator_for(
            dict(schema), pattern_options=jsonschema_rs.RegexOptions(), retriever=_refuse_to_fetch
        )

    def check(self, properties: Mapping[str, Any]) -> None:
        """Raises RefusedEvent with a pointer into the event."""
        if not self._validator.is_valid(properties):
            raise _refusal(next(self._validator.iter_errors(properties)))


@lru_cache(1024)
def compiled(version_id: int, schema: bytes) -> CompiledSchema:
    """Of a version, which never changes; `schema` is its JSON."""
    return CompiledSchema(orjson.loads(schema))


def check_schema(schema: Any) -> None:
    """Raises Invalid for what is no JSON Schema of an object, refers elsewhere, or has names we cannot keep."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise Invalid(FieldError("/schema/type", 'is "object": properties are an object'))
    names = schema.get("properties")
    if not isinstance(names, dict) or not all(_PROPERTY.match(name) for name in names):
        raise Invalid(FieldError("/schema/properties", "names each property by letters, digits and _ $ . -"))
    try:
        CompiledSchema(schema)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise Invalid(FieldError("/schema", f"is no JSON Schema: {str(error).splitlines()[0]}")) from None


def _refuse_to_fetch(uri: str) -> Any:
    raise ValueError(f"{uri} is elsewhere, and nothing is fetched")


def _refusal(error: Any) -> RefusedEvent:
    path, kind = list(error.instance_path), error.kind
    if kind.name in _UNKNOWN:
        name = kind.unexpected[0]
        return RefusedEvent("unknown_property", "is no property of this event type", pointer(*path, name))
    if kind.name == "required":
        return RefusedEvent("missing_property", "is required", pointer(*path, kind.property))
    if kind.name == "type":
        return RefusedEvent("wrong_type", f"must be {' or '.join(kind.types)}", pointer(*path))
    return RefusedEvent("invalid_value", f"does not hold what the schema says by {kind.name}", pointer(*path))


def pointer(*path: str | int) -> str:
    """A JSON pointer (RFC 6901) below /properties, at most 500 characters of it."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in ("properties", *path))
    return "".join(f"/{part}" for part in parts)[:500]
