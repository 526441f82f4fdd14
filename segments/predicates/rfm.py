"""Conditions on the latest RFM snapshot: scores, the named cell, and what they stand on."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q

from segments import rfm
from segments.models import RfmScore, RfmSnapshot
from segments.predicates import operators as op
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.operators import Operator
from segments.predicates.types import BadValue, Number, ValueType, shown


class CellName(ValueType):
    """The name of a cell of the grid."""

    name = "rfm_cell"
    operators = op.table(op.EQUALS, op.NOT_EQUALS, op.IN, op.NOT_IN, op.EXISTS, op.NOT_EXISTS)

    def clean_one(self, operator: Operator, value: Any) -> str:
        text = value.strip().lower().replace(" ", "_") if isinstance(value, str) else ""
        if text not in rfm.BY_NAME:
            raise BadValue(f"expects one of {', '.join(rfm.BY_NAME)}, not {shown(value)}")
        return text

    def schema_one(self) -> dict[str, Any]:
        return {"enum": list(rfm.BY_NAME)}

    def phrase(self, value: Any) -> str:
        return f"“{rfm.BY_NAME[value].label}”"


class Whole(Number):
    """A number without decimals, not negative."""

    name = "whole_number"
    least: ClassVar[int] = 0
    most: ClassVar[int] = 1_000_000_000

    def clean_one(self, operator: Operator, value: Any) -> int:
        found = super().clean_one(operator, value)
        if found != int(found) or not self.least <= found <= self.most:
            raise BadValue(f"expects a whole number from {self.least} to {self.most:,}, not {shown(value)}")
        return int(found)

    def schema_one(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Score(Whole):
    """From 1 (least) to 5 (best)."""

    name = "rfm_score"
    least, most = 1, 5


_CELL = "rfm.cell"
_FIELDS: Mapping[str, ValueType] = {
    _CELL: CellName(),
    "rfm.recency_score": Score(),
    "rfm.frequency_score": Score(),
    "rfm.monetary_score": Score(),
    "rfm.recency_days": Whole(),
    "rfm.frequency": Whole(),
    "rfm.monetary": Number(),
}
_LOOKUPS = {
    "equals": "exact", "in": "in", "greater_than": "gt", "greater_than_or_equal": "gte", "less_than": "lt",
    "less_than_or_equal": "lte", "between": "range",
}  # fmt: skip


class Rfm(Predicate):
    """Of the latest finished snapshot. Who never bought is in none, and has no scores."""

    kind = "rfm"
    group = "RFM"

    def fields(self) -> Mapping[str, ValueType]:
        return _FIELDS

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        scores = RfmScore.objects.filter(snapshot_id=self._snapshot_id, contact_id=OuterRef("pk"))
        return Q(Exists(scores.filter(self._condition(leaf))))

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return ~self.to_q(leaf, scope)

    @cached_property
    def _snapshot_id(self) -> int:
        """0 when there is none: nobody is in it."""
        rows = RfmSnapshot.objects.exclude(finished_at=None).order_by("-finished_at")
        return rows.values_list("pk", flat=True).first() or 0

    def _condition(self, leaf: Leaf) -> Q:
        name, operator = leaf.field.name, leaf.operator.name
        if operator == "exists":
            return Q()
        if name != _CELL:
            return Q(**{f"{name.removeprefix('rfm.')}__{_LOOKUPS[operator]}": leaf.value})
        cells = [rfm.BY_NAME[one] for one in (leaf.value if operator == "in" else [leaf.value])]
        parts = [Q(recency_score__in=cell.recency, frequency_score__in=cell.frequency) for cell in cells]
        return Q(*parts, _connector=Q.OR)
