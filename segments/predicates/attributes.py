"""Conditions on registered attributes, by their registered type.

Values in the JSON are compared as JSON, never cast: `attributes -> 'spent' > '100'::jsonb`. So a value of the wrong
type left over from an earlier registration is no error, it is no value. And one btree index on
`(attributes -> 'spent')` serves equality and ranges alike; lists are served by GIN.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Left
from django.db.models.lookups import Contains, EndsWith, Exact, In, Regex, StartsWith

from segments.models import Attribute
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.calendars import calendar_q, is_calendar
from segments.predicates.dates import Day, Moment, Window
from segments.predicates.types import Number, Text, TextList, Truth, ValueType

PREFIX = "attributes."
TEXT_INDEXED = 200  # characters
TYPES: Mapping[str, ValueType] = {
    Attribute.Type.STRING: Text(),
    Attribute.Type.NUMBER: Number(),
    Attribute.Type.BOOLEAN: Truth(),
    Attribute.Type.DATE: Day(),
    Attribute.Type.LIST: TextList(),
}
# Dates are kept as YYYY-MM-DD, so their order as text is their order in time. A day that is in no calendar
# (30 February, left by hand) counts as the last of its month: a stricter pattern costs twice the time of the scan.
_DATE = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_COMPARISONS = {
    "equals": "=",
    "greater_than": ">",
    "greater_than_or_equal": ">=",
    "less_than": "<",
    "less_than_or_equal": "<=",
}
_MATCHES = {"contains": Contains, "starts_with": StartsWith, "ends_with": EndsWith}


def _infix(left: Any, operator: str, right: Any) -> Func:
    """`left operator right` as a condition. `operator` is a constant of this file."""
    return Func(
        left,
        right,
        template="(%(expressions)s)",
        arg_joiner=f" {operator} ",
        output_field=models.BooleanField(),
    )


def _json(value: Any) -> Value:
    return Value(value, models.JSONField())


class Kept:
    """What a contact keeps under one attribute name, as conditions."""

    def __init__(self, name: str) -> None:
        self.json = self._under("->", name, models.JSONField())
        self.text = self._under("->>", name, models.TextField())

    @staticmethod
    def _under(arrow: str, name: str, output: "models.Field[Any, Any]") -> Func:
        # not Django's KeyTransform: it takes an attribute named "2024" for an index into an array
        parts = F("attributes"), Value(name)
        return Func(*parts, template="(%(expressions)s)", arg_joiner=f" {arrow} ", output_field=output)

    def is_a(self, json_type: str) -> Q:
        return Q(
            _infix(Func(self.json, function="jsonb_typeof", output_field=models.TextField()), "=", Value(json_type))
        )

    def is_date(self) -> Q:
        return Q(Regex(self.text, _DATE))

    def kept_on(self, days: list[str], before: date) -> Q:
        of_year = Func(self.text, Value(6), function="substr", output_field=models.TextField())
        return self.compare("<", before.isoformat()) & self.is_date() & Q(In(of_year, days))

    def compare(self, operator: str, value: Any) -> Q:
        return Q(_infix(self.json, operator, _json(value)))

    def one_of(self, values: Sequence[Any]) -> Q:
        return Q(In(self.json, [_json(value) for value in values]))

    @property
    def beginning(self) -> Func:
        """As much of a text as fits into an index row of 2,704 bytes; what a promoted text is found by."""
        return Left(self.text, TEXT_INDEXED)

    def is_text(self, texts: Sequence[str]) -> Q:
        """One of these texts, in the words of the index; what is longer than it holds is compared as JSON too."""
        heads = [text[:TEXT_INDEXED] for text in texts]
        begins = Q(Exact(self.beginning, heads[0]) if len(heads) == 1 else In(self.beginning, heads))
        whole = all(len(text) < TEXT_INDEXED for text in texts)
        return begins & self.is_a("string") & (Q() if whole else self.one_of(texts))


def _text(kept: Kept, operator: str, value: Any) -> Q:
    if operator in ("equals", "in"):
        return kept.is_text([value] if operator == "equals" else value)
    if operator == "exists":
        return kept.is_a("string") & kept.compare("<>", "")
    return kept.is_a("string") & Q(_MATCHES[operator](kept.text, value))


def _number(kept: Kept, operator: str, value: Any) -> Q:
    if operator == "in":
        return kept.one_of(value) & kept.is_a("number")
    if operator == "exists":
        return kept.is_a("number")
    if operator == "between":
        return kept.compare(">=", value[0]) & kept.compare("<=", value[1]) & kept.is_a("number")
    return kept.compare(_COMPARISONS[operator], value) & kept.is_a("number")


def _truth(kept: Kept, operator: str, value: Any) -> Q:
    return kept.is_a("boolean") if operator == "exists" else kept.compare("=", value)


def _list(kept: Kept, operator: str, value: Any) -> Q:
    if operator == "exists":
        return kept.is_a("array") & kept.compare("<>", [])
    if operator == "contains_all":
        return kept.compare("@>", value) & kept.is_a("array")
    any_of = _infix(kept.json, "?|", Value(value, ArrayField(models.TextField())))
    return Q(any_of) & kept.is_a("array")  # ?| alone also looks at texts and at the keys of objects


def _date(kept: Kept, bounds: Window) -> Q:
    start, end = (bound and bound.date().isoformat() for bound in bounds)
    condition = kept.is_date()
    if start:
        condition = kept.compare(">=", start) & condition
    return kept.compare("<", end) & condition if end else condition


_CONDITIONS: Mapping[str, Callable[[Kept, str, Any], Q]] = {
    "string": _text,
    "number": _number,
    "boolean": _truth,
    "list": _list,
}


class AttributeField(Predicate):
    """A registered attribute, written `attributes.<name>` or by its bare name."""

    kind = "attribute"
    bare = True

    def fields(self) -> Mapping[str, ValueType]:
        return {PREFIX + name: TYPES[type_] for name, type_ in Attribute.objects.values_list("name", "type")}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        kept, operator = Kept(leaf.field.name.removeprefix(PREFIX)), leaf.operator.name
        if not isinstance(leaf.field.type, Moment):
            return _CONDITIONS[leaf.field.type.name](kept, operator, leaf.value)
        if operator == "exists":
            return kept.is_date()
        if is_calendar(leaf):
            return calendar_q(leaf, scope.at, inside=lambda window: _date(kept, window),
                              kept_on=kept.kept_on)  # fmt: skip
        return _date(kept, leaf.field.type.window(operator, leaf.value, scope.at))
