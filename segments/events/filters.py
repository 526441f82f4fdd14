"""Filters over an event's properties, and the one path that Postgres judges them by. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from config.lib.errors import FieldError, Invalid

_Plain = str | int | float | bool


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _compared(sign: str) -> Callable[[str, Any], str]:
    return lambda place, value: f"{place} {sign} {_quoted(value)}"


def _one_of(place: str, values: Any) -> str:
    return " || ".join(f"{place} == {_quoted(value)}" for value in values)


# What there is to say of a property; a path that says nothing of it (another type, not there) does not match.
_OPERATORS: dict[str, tuple[type | Any, Callable[[str, Any], str]]] = {
    "equals": (_Plain, _compared("==")),
    "in": (list, _one_of),
    "greater_than": (int | float, _compared(">")),
    "greater_than_or_equal": (int | float, _compared(">=")),
    "less_than": (int | float, _compared("<")),
    "less_than_or_equal": (int | float, _compared("<=")),
    "starts_with": (str, _compared("starts with")),
    "contains": (str, lambda place, value: f'{place} like_regex {_quoted(value)} flag "q"'),
    "exists": (type(None), lambda place, _: f"exists({place})"),
}
# These match whatever their positive one does not, events without the property included.
COMPLEMENTS = {"not_equals": "equals", "not_in": "in", "not_contains": "contains", "not_exists": "exists"}
OPERATORS = (*_OPERATORS, *COMPLEMENTS)


def check_filters(filters: Any) -> None:
    """Raises Invalid with a pointer to each filter that is none."""
    if not isinstance(filters, list) or len(filters) > 20:
        raise Invalid(FieldError("/filters", "is a list of at most 20 filters"))
    wrong = [FieldError(f"/filters/{n}", detail) for n, one in enumerate(filters) if (detail := _problem(one))]
    if wrong:
        raise Invalid(*wrong)


def _problem(one: Any) -> str:
    if not isinstance(one, Mapping) or not one.keys() <= {"property", "operator", "value"}:
        return "has property, operator and value"
    name, operator, value = one.get("property"), one.get("operator"), one.get("value")
    if not isinstance(name, str) or not 0 < len(name) <= 100 or "\x00" in name:
        return "names a property"
    if operator not in OPERATORS:
        return f"has one of the operators {', '.join(OPERATORS)}"
    positive = COMPLEMENTS.get(str(operator), str(operator))
    if not isinstance(value, _OPERATORS[positive][0]) or (positive != "equals" and isinstance(value, bool)):
        return f"has no value that fits {operator}"
    values = value if isinstance(value, list) else [value]
    if not values or not all(one is None or (isinstance(one, _Plain) and "\x00" not in str(one)) for one in values):
        return f"has no value that fits {operator}"
    return ""


def path_of(filters: Sequence[Mapping[str, Any]]) -> str | None:
    """The jsonpath predicate that holds when all filters do; None when there are none.

    Everything that is anybody's text is quoted as JSON, which is how jsonpath quotes too
    (https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-SQLJSON-PATH).
    """
    if not filters:
        return None
    return " && ".join(f"({_said(one)})" for one in filters)


def _said(one: Mapping[str, Any]) -> str:
    place, operator = "$." + _quoted(one["property"]), one["operator"]
    said = _OPERATORS[COMPLEMENTS.get(operator, operator)][1](place, one.get("value"))
    return f"({said}) is unknown || !({said})" if operator in COMPLEMENTS else said
