"""Conditions on events as people say them: “has viewed a page where path is “/pricing” more than 2 times”."""

from collections.abc import Mapping
from typing import Any

from segments.predicates import properties
from segments.predicates.comparing import TIMES
from segments.predicates.operators import Operator

_OFTEN = {
    "greater_than": "more than {} times",
    "greater_than_or_equal": "at least {} times",
    "less_than": "fewer than {} times",
    "less_than_or_equal": "at most {} times",
    "equals": "exactly {} times",
}
_MUCH = {
    "greater_than": "more than {}",
    "greater_than_or_equal": "at least {}",
    "less_than": "less than {}",
    "less_than_or_equal": "at most {}",
    "equals": "{}",
}


def happened(label: str, operator: Operator, value: Mapping[str, Any]) -> str:
    """The condition in words; `label` is the event's name with spaces."""
    where = f" where {properties.phrase(value['where'])}" if "where" in value else ""
    return f"{has(operator)} {_deed(label)}{where}{_measure(value)}{window(value)}"


def has(operator: Operator) -> str:
    return "has not" if operator.complement_of else "has"


def _deed(label: str) -> str:
    """“page viewed” as “viewed a page”; what does not end in a past tense as it is."""
    noun, _, verb = label.rpartition(" ")
    if not noun or not verb.endswith("ed"):
        return label
    return f"{verb} {'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _measure(value: Mapping[str, Any]) -> str:
    if "count" in value:
        return often(value["count"])
    if "sum" in value:
        much = _compared(value["sum"], _MUCH, "between {} and {}")
        return f", {value['sum']['property'].replace('_', ' ')} adding up to {much}"
    for key in ("first", "last"):
        if key in value:
            return f", the {key} time {when(value[key])}"
    return ""


def often(count: Mapping[str, Any]) -> str:
    """“ more than 2 times”, with the space before it."""
    return f" {_compared(count, _OFTEN, 'between {} and {} times')}".replace(" 1 times", " once")


def _compared(one: Mapping[str, Any], words: Mapping[str, str], between: str) -> str:
    if one["operator"] == "between":
        return between.format(*one["value"])
    return words[one["operator"]].format(one["value"])


def when(one: Mapping[str, Any]) -> str:
    """“within the last 30 days”, “after 2026-05-01”."""
    words = TIMES[one["operator"]].words.removeprefix("is ")
    if one["operator"] == "equals":
        words = "at" if "T" in one["value"] else "on"
    values = one["value"] if isinstance(one["value"], list) else [one["value"]]
    return f"{words} {' and '.join(text.replace('_', ' ') for text in values)}"


def window(value: Mapping[str, Any]) -> str:
    """“ in the last 14 days”, with the space before it; empty for ever."""
    if "within" in value:
        amount, unit = value["within"].split("_")
        return f" in the last {unit}" if amount == "1" else f" in the last {amount} {unit}"
    if "between" in value:
        return f" between {' and '.join(text.replace('_', ' ') for text in value['between'])}"
    return ""
