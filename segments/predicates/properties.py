"""Filters over the properties of an event inside a condition, in the words that metrics keep them in."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from segments.predicates import operators as op
from segments.predicates.operators import ALIASES, Operator
from segments.predicates.types import BadValue, Number, Text, Truth, ValueType, clean_text, inside, shown

MAX_FILTERS = 20
_KEYS = ("property", "operator", "value")


class Scalar(ValueType):
    """A text, a number, true or false: of a property whose schema leaves it open."""

    name = "scalar"

    def clean_one(self, operator: Operator, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        return Number().clean_one(operator, value) if isinstance(value, int | float) else clean_text(value)

    def schema_one(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


_KNOWN = (op.EXISTS, op.NOT_EXISTS)
_SAME = (op.EQUALS, op.NOT_EQUALS, op.IN, op.NOT_IN)
KINDS: Mapping[str, tuple[ValueType, Mapping[str, Operator]]] = {
    "string": (Text(), op.table(*_SAME, op.CONTAINS, op.NOT_CONTAINS, op.STARTS_WITH, *_KNOWN)),
    "number": (
        Number(),
        op.table(
            *_SAME, op.GREATER_THAN, op.GREATER_THAN_OR_EQUAL, op.LESS_THAN, op.LESS_THAN_OR_EQUAL, *_KNOWN
        ),
    ),
    "boolean": (Truth(), op.table(op.EQUALS, op.NOT_EQUALS, *_KNOWN)),
    "scalar": (Scalar(), op.table(*_SAME, *_KNOWN)),
    "other": (Scalar(), op.table(*_KNOWN)),
}  # fmt: skip
"""By the kind of a property: its type of value and its operators."""

_OF_TYPE = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean"}
_OF_VALUE = {str: "string", int: "number", float: "number", bool: "boolean"}


def kinds_of(schema: Mapping[str, Any] | None) -> dict[str, str]:
    """The kind of each property that the JSON Schema of an event type names."""
    named = (schema or {}).get("properties")
    return {name: _kind(below) for name, below in named.items()} if isinstance(named, Mapping) else {}


def _kind(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "scalar"
    types = schema.get("type", [])
    found = {_OF_TYPE.get(one, "other") for one in (types if isinstance(types, list) else [types]) if one != "null"}
    found |= {_OF_VALUE.get(type(one), "other") for one in schema.get("enum", []) if one is not None and not types}
    if len(found) == 1:
        return found.pop()
    return "other" if "other" in found else "scalar"


def clean_filters(raw: Any, kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """The canonical filters. Raises BadValue with the place."""
    if not isinstance(raw, list) or len(raw) > MAX_FILTERS:
        raise BadValue(f"expects a list of at most {MAX_FILTERS} filters")
    cleaned = []
    for index, one in enumerate(raw):
        with inside(index):
            cleaned.append(_clean(one, kinds))
    return cleaned


def _clean(raw: Any, kinds: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(raw, Mapping) or not {"property", "operator"} <= raw.keys() <= set(_KEYS):
        raise BadValue('expects an object with "property", "operator" and "value"')
    name = raw["property"]
    if not isinstance(name, str) or name not in kinds:
        raise BadValue(_unknown(name, kinds), "property")
    kind, operators = KINDS[kinds[name]]
    spelling = raw["operator"] if isinstance(raw["operator"], str) else ""
    operator = operators.get(spelling) or operators.get(ALIASES.get(spelling, ""))
    if operator is None:
        said = f"{shown(raw['operator'])} is no operator of {name} ({kinds[name]}); it has {', '.join(operators)}"
        raise BadValue(said, "operator")
    with inside("value"):
        value = kind.clean(operator, raw.get("value"))
    return {"property": name, "operator": operator.name} | ({} if value is None else {"value": value})


def _unknown(name: Any, kinds: Mapping[str, str]) -> str:
    close = get_close_matches(name, kinds, n=1, cutoff=0.5) if isinstance(name, str) else []
    known = ", ".join(sorted(kinds)) or "none"
    return f"{shown(name)} is no property of this event; " + (
        f"did you mean {close[0]!r}?" if close else f"it has {known}"
    )


def filters_schema() -> dict[str, Any]:
    """The JSON Schema of canonical filters."""
    operators = {name: operator for _, table in KINDS.values() for name, operator in table.items()}
    one = {"type": ["string", "number", "boolean"]}
    many = {"type": "array", "items": one, "minItems": 1}
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_FILTERS,
        "items": {
            "type": "object",
            "properties": {
                "property": {"type": "string"},
                "operator": {"enum": list(operators)},
                "value": {"anyOf": [one, many]},
            },
            "required": ["property", "operator"],
            "additionalProperties": False,
        },
    }


def phrase(filters: list[dict[str, Any]]) -> str:
    """“path is “/pricing” and total is more than 9”."""
    operators = {name: operator for _, table in KINDS.values() for name, operator in table.items()}
    return " and ".join(
        " ".join(filter(None, (one["property"].replace("_", " "), operators[one["operator"]].words, _value(one))))
        for one in filters
    )


def _value(one: Mapping[str, Any]) -> str:
    if "value" not in one:
        return ""
    values = one["value"] if isinstance(one["value"], list) else [one["value"]]
    words = [Scalar().phrase(value) for value in values[:6]]
    if len(values) > 6:
        return f"{', '.join(words)} or {len(values) - 6} more"
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
