"""Operators: one canonical name per meaning, how many values it takes, and the spellings it is also known by."""

from dataclasses import dataclass
from enum import Enum


class Operand(Enum):
    """The shape of the value beside an operator."""

    NONE = "none"
    ONE = "one"
    MANY = "many"  # a list of 1 to 1,000; a single value is taken as a list of one
    PAIR = "pair"  # [from, to], both included
    PERIOD = "period"  # "30_days"


@dataclass(frozen=True)
class Operator:
    """`words` reads between field and value: "country *is* US".

    `complement_of` names the operator that matches exactly those contacts this one does not.
    Predicates give SQL for positive operators alone; the compiler turns the complements.
    """

    name: str
    operand: Operand
    words: str
    complement_of: str = ""


EQUALS = Operator("equals", Operand.ONE, "is")
NOT_EQUALS = Operator("not_equals", Operand.ONE, "is not", complement_of="equals")
IN = Operator("in", Operand.MANY, "is one of")
NOT_IN = Operator("not_in", Operand.MANY, "is none of", complement_of="in")
CONTAINS = Operator("contains", Operand.ONE, "contains")
NOT_CONTAINS = Operator("not_contains", Operand.ONE, "does not contain", complement_of="contains")
STARTS_WITH = Operator("starts_with", Operand.ONE, "starts with")
ENDS_WITH = Operator("ends_with", Operand.ONE, "ends with")
GREATER_THAN = Operator("greater_than", Operand.ONE, "is more than")
GREATER_THAN_OR_EQUAL = Operator("greater_than_or_equal", Operand.ONE, "is at least")
LESS_THAN = Operator("less_than", Operand.ONE, "is less than")
LESS_THAN_OR_EQUAL = Operator("less_than_or_equal", Operand.ONE, "is at most")
AFTER = Operator("greater_than", Operand.ONE, "is after")
ON_OR_AFTER = Operator("greater_than_or_equal", Operand.ONE, "is on or after")
BEFORE = Operator("less_than", Operand.ONE, "is before")
ON_OR_BEFORE = Operator("less_than_or_equal", Operand.ONE, "is on or before")
BETWEEN = Operator("between", Operand.PAIR, "is between")
WITHIN_LAST = Operator("within_last", Operand.PERIOD, "is within the last")
NOT_WITHIN_LAST = Operator("not_within_last", Operand.PERIOD, "is not within the last", complement_of="within_last")
WITHIN_NEXT = Operator("within_next", Operand.PERIOD, "is within the next")
LOCAL_EQUALS = Operator("equals_local", Operand.ONE, "is, where the contact lives,")
LOCAL_LAST = Operator("within_last_local", Operand.PERIOD, "is, where the contact lives, within the last")
LOCAL_NEXT = Operator("within_next_local", Operand.PERIOD, "is, where the contact lives, within the next")
ANNIVERSARY = Operator("anniversary", Operand.ONE, "has its anniversary")
ANNIVERSARY_LAST = Operator("anniversary_within_last", Operand.PERIOD, "had its anniversary within the last")
ANNIVERSARY_NEXT = Operator("anniversary_within_next", Operand.PERIOD, "has its anniversary within the next")
CONTAINS_ANY = Operator("contains_any", Operand.MANY, "has any of")
CONTAINS_ALL = Operator("contains_all", Operand.MANY, "has all of")
CONTAINS_NONE = Operator("contains_none", Operand.MANY, "has none of", complement_of="contains_any")
DID = Operator("did", Operand.ONE, "happened")
DID_NOT = Operator("did_not", Operand.ONE, "did not happen", complement_of="did")
EXISTS = Operator("exists", Operand.NONE, "is known")
NOT_EXISTS = Operator("not_exists", Operand.NONE, "is not known", complement_of="exists")

ALIASES = {
    **dict.fromkeys(("is", "eq", "=", "==", "equal", "equal_to", "is_equal_to", "on"), "equals"),
    **dict.fromkeys(("is_not", "ne", "neq", "!=", "<>", "not_equal", "not_equal_to", "does_not_equal"), "not_equals"),
    **dict.fromkeys(("one_of", "is_one_of", "any_of", "is_any_of", "is_in"), "in"),
    **dict.fromkeys(("none_of", "is_none_of", "is_not_in", "not_one_of"), "not_in"),
    **dict.fromkeys(("includes",), "contains"),
    **dict.fromkeys(("does_not_contain", "not_includes"), "not_contains"),
    **dict.fromkeys(("begins_with",), "starts_with"),
    **dict.fromkeys(("gt", ">", "more_than", "after", "is_after"), "greater_than"),
    **dict.fromkeys(("gte", "ge", ">=", "at_least", "on_or_after"), "greater_than_or_equal"),
    **dict.fromkeys(("lt", "<", "fewer_than", "before", "is_before"), "less_than"),
    **dict.fromkeys(("lte", "le", "<=", "at_most", "on_or_before"), "less_than_or_equal"),
    **dict.fromkeys(("is_between",), "between"),
    **dict.fromkeys(("in_last", "in_the_last"), "within_last"),
    **dict.fromkeys(("not_in_last",), "not_within_last"),
    **dict.fromkeys(("in_next", "in_the_next"), "within_next"),
    **dict.fromkeys(("is_set", "has_value", "is_known", "is_not_empty", "is_not_null"), "exists"),
    **dict.fromkeys(("is_not_set", "missing", "is_missing", "is_unknown", "is_empty", "is_null"), "not_exists"),
}
"""Other spellings that are understood and never stored."""

TRUTHS = {"is_true": True, "is_false": False}
"""Spellings that carry their value: `is_true` is stored as `equals` true."""


def table(*operators: Operator) -> dict[str, Operator]:
    """Operators by name, as value types hold them."""
    return {operator.name: operator for operator in operators}
