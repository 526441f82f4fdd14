"""Comparisons inside a value, {"operator", "value"}: how often, how much, when."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from segments.predicates import operators as op
from segments.predicates.operators import ALIASES, Operand, Operator
from segments.predicates.types import BadValue, Number, ValueType, inside, shown

MOST = 10**12
AMOUNTS = op.table(
    op.EQUALS, op.GREATER_THAN, op.GREATER_THAN_OR_EQUAL, op.LESS_THAN, op.LESS_THAN_OR_EQUAL, op.BETWEEN
)
TIMES = op.table(
    op.EQUALS, op.AFTER, op.ON_OR_AFTER, op.BEFORE, op.ON_OR_BEFORE, op.BETWEEN, op.WITHIN_LAST
)  # fmt: skip
SIGNS = {
    "equals": "=",
    "greater_than": ">",
    "greater_than_or_equal": ">=",
    "less_than": "<",
    "less_than_or_equal": "<=",
}
_OPPOSITE = {"=": "<>", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}

Condition = tuple[str, list[Any]]
"""SQL and its parameters."""


class Whole(Number):
    """A number of times."""

    def clean_one(self, operator: Operator, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
            raise BadValue(f"expects a whole number from 0 on, not {shown(value)}")
        return value

    def schema_one(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 0, "maximum": MOST}


TIMES_DONE, AMOUNT = Whole(), Number()


def clean_comparison(
    raw: Any, kind: ValueType, operators: Mapping[str, Operator], *keys: str
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The canonical {"operator", "value"} of one, and its further `keys` as they came. Raises BadValue."""
    if not isinstance(raw, Mapping) or not {"operator", "value"} <= raw.keys() <= {"operator", "value", *keys}:
        wanted = ", ".join(f'"{key}"' for key in ("operator", "value", *keys))
        raise BadValue(f"expects an object with {wanted}, not {shown(raw)}")
    name = raw["operator"] if isinstance(raw["operator"], str) else ""
    found = operators.get(name) or operators.get(ALIASES.get(name, ""))
    if found is None:
        raise BadValue(f"{shown(raw['operator'])} is no comparison here; there are {', '.join(operators)}", "operator")
    with inside("value"):
        value = kind.clean(found, raw["value"])
    return {"operator": found.name, "value": value}, {key: raw[key] for key in keys if key in raw}


def comparison_schema(kind: ValueType, operators: Mapping[str, Operator], **more: Any) -> dict[str, Any]:
    """The JSON Schema of a canonical comparison with further keys."""
    by_operand: dict[Operand, list[str]] = {}
    for operator in operators.values():
        by_operand.setdefault(operator.operand, []).append(operator.name)
    shapes = [
        {"properties": {"operator": {"enum": names}, "value": kind.schema(operand)}}
        for operand, names in by_operand.items()
    ]
    return {
        "type": "object",
        "properties": {"operator": {"enum": list(operators)}, "value": True, **more},
        "required": ["operator", "value", *more],
        "additionalProperties": False,
        "oneOf": shapes,
    }


def spoken(operators: Mapping[str, Operator]) -> list[dict[str, str]]:
    """Operators as the builder of rules offers them."""
    return [{"name": one.name, "words": one.words, "operand": one.operand.value} for one in operators.values()]


def holds_for_nobody(comparison: Mapping[str, Any]) -> bool:
    """Whether 0 fits: then it fits everybody of whom nothing is counted."""
    operator, wanted = comparison["operator"], comparison["value"]
    if operator == "between":
        return bool(wanted[0] <= 0 <= wanted[1])
    return bool(
        {
            "equals": wanted == 0,
            "greater_than": wanted < 0,
            "greater_than_or_equal": wanted <= 0,
            "less_than": wanted > 0,
            "less_than_or_equal": wanted >= 0,
        }[operator]
    )


def amount_sql(column: str, comparison: Mapping[str, Any], *, turned: bool = False) -> Condition:
    """`column` compared, or the exact opposite. `column` is a constant of ours and never null."""
    if comparison["operator"] == "between":
        return f"{column} {'NOT ' if turned else ''}BETWEEN %s AND %s", [exact(one) for one in comparison["value"]]
    sign = SIGNS[comparison["operator"]]
    return f"{column} {_OPPOSITE[sign] if turned else sign} %s", [exact(comparison["value"])]


def exact(number: int | float) -> Decimal:
    """As it is written: 0.1 is a tenth."""
    return Decimal(repr(number))
