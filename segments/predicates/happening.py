"""The value of a condition on an event: how often it happened or how much it came to, when, with which properties.

    {"count": {"operator", "value"}}                how many times; people of whom there is none count as 0
    {"sum": {"property", "operator", "value"}}      what a property adds up to; 0 where there is none
    {"first": {"operator", "value"}}, {"last": …}   when it happened the first or last time
    {"within": "14_days"}                           in the last 14 × 24 hours, to the microsecond
    {"between": [from, to]}                         from the start of the one day or moment to the end of the other
    {"where": [{"property", "operator", "value"}]}  all of these hold of the event

At most one of the first four (without any: at least once), at most one of within and between (without: ever).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, ClassVar

from segments.predicates import properties
from segments.predicates.comparing import (
    AMOUNT,
    AMOUNTS,
    TIMES,
    TIMES_DONE,
    clean_comparison,
    comparison_schema,
    spoken,
)  # fmt: skip
from segments.predicates.dates import MOMENT, clean_period
from segments.predicates.operators import BETWEEN, DID, DID_NOT, WITHIN_LAST, Operator, table
from segments.predicates.properties import KINDS
from segments.predicates.types import BadValue, Naming, ValueType, inside, shown
from segments.predicates.wording import happened

MEASURES = ("count", "sum", "first", "last")
WINDOWS = ("within", "between")
_KEYS = (*MEASURES, *WINDOWS, "where")
_ALSO = {"within_last": "within", "in_last": "within", "filters": "where", "properties": "where"}

Value = Mapping[str, Any]


@dataclass(frozen=True)
class Happening(ValueType):
    """What may be said of one event type. `properties`: kind by name; `adds_up`: the one that is added up by itself."""

    properties: Mapping[str, str] = field(default_factory=dict)
    adds_up: str = ""

    name: ClassVar[str] = "event"
    operators = table(DID, DID_NOT)
    aliases: ClassVar[Mapping[str, str]] = {
        "exists": "did", "not_exists": "did_not", "within_last": "did", "not_within_last": "did_not",
    }  # fmt: skip

    def clean(self, operator: Operator, value: Any) -> dict[str, Any]:
        if value is None or value is True:
            return {}
        if isinstance(value, str):  # the seeds' spelling: "last_7_days"
            return {"within": clean_period(value)}
        if not isinstance(value, Mapping):
            raise BadValue(f'expects an object such as {{"within": "14_days"}}, not {shown(value)}')
        given = {_ALSO.get(str(key), str(key)): str(key) for key in value}
        self._check_keys(given, value)
        cleaned = {}
        for key in (key for key in _KEYS if key in given):
            with inside(given[key]):
                cleaned[key] = self._clean_part(key, value[given[key]])
        return {key: part for key, part in cleaned.items() if part != []}

    def _check_keys(self, given: Mapping[str, str], value: Value) -> None:
        for key in given:
            if key not in _KEYS:
                near = get_close_matches(key, _KEYS, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_KEYS)}"
                raise BadValue(f"is no key here; {hint}", key)
        if len(given) < len(value):
            raise BadValue("says the same twice")
        for group in (MEASURES, WINDOWS):
            if len(both := [key for key in group if key in given]) > 1:
                raise BadValue(f"takes one of {' and '.join(both)}; put the other into a condition of its own", both[1])
        if given.keys() & {"first", "last"} and (window := given.keys() & set(WINDOWS)):
            raise BadValue("the first and last time say when by themselves: leave it out", *window)

    def _clean_part(self, key: str, raw: Any) -> Any:
        match key:
            case "within":
                return clean_period(raw)
            case "between":
                return MOMENT.clean(BETWEEN, raw)
            case "where":
                return properties.clean_filters(raw, self.properties)
            case "count":
                return clean_comparison(raw, TIMES_DONE, AMOUNTS)[0]
            case "sum":
                return self._clean_sum(raw)
            case _:
                return clean_comparison(raw, MOMENT, TIMES)[0]

    def _clean_sum(self, raw: Any) -> dict[str, Any]:
        compared, named = clean_comparison(raw, AMOUNT, AMOUNTS, "property")
        name = named.get("property", self.adds_up)
        if not isinstance(name, str) or self.properties.get(name) not in ("number", "scalar"):
            numbers = ", ".join(one for one, kind in self.properties.items() if kind in ("number", "scalar")) or "none"
            raise BadValue(f"{shown(name)} is no number that can be added up; there are {numbers}", "property")
        return {"property": name, **compared}

    def schema_one(self) -> dict[str, Any]:
        moment = comparison_schema(MOMENT, TIMES)
        one_of = [
            {"not": {"required": [one, other]}}
            for group in (MEASURES, WINDOWS)
            for index, one in enumerate(group)
            for other in group[index + 1 :]
        ]
        return {
            "type": "object",
            "properties": {
                "count": comparison_schema(TIMES_DONE, AMOUNTS),
                "sum": comparison_schema(AMOUNT, AMOUNTS, property={"type": "string"}),
                "first": moment,
                "last": moment,
                "within": MOMENT.schema(WITHIN_LAST.operand),
                "between": MOMENT.schema(BETWEEN.operand),
                "where": properties.filters_schema(),
            },
            "additionalProperties": False,
            "allOf": one_of,
        }

    def parts(self) -> dict[str, Any]:
        kinds = {name: {"value": kind.name, "operators": spoken(known)} for name, (kind, known) in KINDS.items()}
        return {"measures": MEASURES, "amounts": spoken(AMOUNTS), "moments": spoken(TIMES), "kinds": kinds}

    def own_parts(self) -> dict[str, Any]:
        return {"properties": dict(self.properties), "adds_up": self.adds_up}

    def sentence(self, label: str, operator: Operator, value: Value, name: Naming) -> str:
        return happened(label, operator, value)
