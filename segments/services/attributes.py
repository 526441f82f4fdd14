"""Writes of the attribute registry, and values brought to their registered types."""

import re
from collections.abc import Mapping
from typing import Any

from config.lib.errors import Conflict, DomainError, FieldError, Invalid
from segments.cleaning import FIELDS, TYPES, InvalidValue, Value, distinct
from segments.models import Attribute

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class AttributeTypeConflict(Conflict):
    """This attribute is registered with another type."""

    code = "attribute_type_conflict"


def register_attribute(*, name: str, type: str, description: str = "") -> Attribute:  # noqa: A002
    """The attribute of this name, made if it is new.

    Raises Invalid for a name that is no lower-case identifier or is a contact field, and AttributeTypeConflict
    when it is registered with another type.
    """
    check_name(name)
    if type not in TYPES:
        raise Invalid(FieldError("/type", f"is one of {', '.join(TYPES)}"))
    attribute, _ = Attribute.objects.get_or_create(name=name, defaults={"type": type, "description": description})
    if attribute.type != type:
        raise AttributeTypeConflict(f"The attribute {name} is registered as {attribute.type}, not {type}.")
    return attribute


def check_name(name: str) -> None:
    """Raises Invalid for what cannot be the name of an attribute."""
    if not _NAME.match(name) or name in FIELDS:
        raise Invalid(FieldError("/name", "use lower-case letters, digits and _, and no name of a contact field"))


def typed_values(values: Mapping[str, Any], registry: Mapping[str, str]) -> dict[str, Value | None]:
    """Attribute values in the form they are kept in; None takes an attribute away.

    `registry`: registered name -> type. Raises Invalid with a pointer to each value that is unknown or does not fit.
    """
    found: dict[str, Value | None] = {}
    errors = []
    for name, value in values.items():
        if value is None:
            found[name] = None
            continue
        if name not in registry:
            errors.append(FieldError(f"/attributes/{name}", "is not registered; register it with its type", "unknown"))
            continue
        try:
            found[name] = _typed(value, registry[name])
        except DomainError as error:
            errors.append(FieldError(f"/attributes/{name}", error.detail))
    if errors:
        raise Invalid(*errors)
    return found


def _typed(value: Any, type_: str) -> Value | None:
    if value is None or value in ("", []):
        return None
    if isinstance(value, list):
        return _list(value, type_)
    if not isinstance(value, str | int | float):
        raise InvalidValue("is no plain value")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return TYPES[type_](text.strip()) if text.strip() else None


def _list(value: list[Any], type_: str) -> list[str] | None:
    if type_ != "list" or not all(isinstance(item, str) for item in value):
        raise InvalidValue(f"is a list, the attribute is a {type_}" if type_ != "list" else "is no list of strings")
    return distinct(value) or None


def describe_attribute(attribute: Attribute, description: str) -> None:
    """Say what it means, for those who come after."""
    attribute.description = " ".join(description.split())
    attribute.save(update_fields=["description"])
