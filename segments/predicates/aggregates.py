"""Conditions on what all that somebody ever did comes to: purchases, and every metric that an operator registered.

A count or a sum is always known: of people who did nothing it is 0. A first or last time is not known of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q

from segments.models import Metric
from segments.predicates import operators as op
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.comparing import AMOUNTS, amount_sql, holds_for_nobody
from segments.predicates.counting import Events, Measure, happened
from segments.predicates.dates import ANNIVERSARIES, LOCAL, Moment
from segments.predicates.having import asked_of, given_by
from segments.predicates.types import Number, ValueType

PURCHASES, METRICS = "purchases.", "metrics."
_LIFETIME = PURCHASES + "lifetime_value"
# What there is to know of purchases, and in which column of the totals it stands
_PURCHASES = {"purchase_count": "count", "total_spent": "sum", "first_purchase_date": "first",
              "last_purchase_date": "last"}  # fmt: skip
_METRICS = {"count": "count", "total": "sum", "first_at": "first", "last_at": "last"}
_ALSO = {PURCHASES + "purchase_count": ("purchase_count", "total_purchases")}


class Tally(Number):
    """A count or a sum, which is 0 where there is nothing."""

    name = "tally"
    operators = {**op.table(op.EQUALS, op.NOT_EQUALS), **AMOUNTS}


@dataclass(frozen=True)
class _Of:
    """Of which events a value is worked out, and which of its measures it is."""

    events: Events = field(default_factory=lambda: Events(0))
    measure: str = ""
    adds_up: str = ""
    less: int | None = None  # the metric whose sum is taken off


@dataclass(frozen=True)
class TallyOf(_Of, Tally):
    name: ClassVar[str] = Tally.name


@dataclass(frozen=True)
class MomentOf(_Of, Moment):
    name: ClassVar[str] = "moment"
    operators = {name: one for name, one in Moment.operators.items() if name not in {*LOCAL, *ANNIVERSARIES}}


class Aggregate(Predicate):
    """Compares a total of somebody's, or the first or last time of something."""

    kind = "aggregate"
    group = "Purchases and metrics"

    def fields(self) -> Mapping[str, ValueType]:
        """The metrics of settings.PURCHASE_METRIC and REFUND_METRIC, and those that are not all of an event type."""
        metrics = {one.name: one for one in Metric.objects.select_related("event_type").order_by("name")}
        found: dict[str, ValueType] = {}
        bought, refunded = (metrics.get(name) for name in (settings.PURCHASE_METRIC, settings.REFUND_METRIC))
        if bought:
            found |= {PURCHASES + name: _type(bought, measure) for name, measure in _PURCHASES.items()}
            found[_LIFETIME] = _type(bought, "sum", less=refunded.pk if refunded else None)
        for one in metrics.values():
            if one.name != one.event_type.name:
                measures = _METRICS if one.value_property else {n: m for n, m in _METRICS.items() if m != "sum"}
                found |= {f"{METRICS}{one.name}_{name}": _type(one, measure) for name, measure in measures.items()}
        return found

    def spellings(self, name: str) -> Iterable[str]:
        """The seeds write them bare."""
        return _ALSO.get(name, (name.removeprefix(PURCHASES),) if name.startswith(PURCHASES) else ())

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        return _q(leaf, scope, negated=False)

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return _q(leaf, scope, negated=True)


def _type(metric: Metric, measure: str, less: int | None = None) -> ValueType:
    events = Events(metric.event_type_id, metric.path, metric.pk if metric.is_ready else None)
    kind = MomentOf if measure in ("first", "last") else TallyOf
    return kind(events, measure, metric.value_property, less)


def _q(leaf: Leaf, scope: Scope, *, negated: bool) -> Q:
    of: Any = leaf.field.type
    compared = {"operator": leaf.operator.name, "value": leaf.value, "property": of.adds_up}
    if of.less is not None and of.events.metric_id is not None:
        return _net(of, compared, negated, scope.among)
    measure = Measure() if leaf.operator.name == "exists" else Measure(of.measure, compared)
    return happened(of.events, measure, None, at=scope.at, negated=negated, among=scope.among)


def _net(of: _Of, compared: Mapping[str, Any], negated: bool, among: Collection[int] | None) -> Q:
    """Each of the two has one row a contact, so that nothing need be grouped."""
    turned = holds_for_nobody(compared)
    having, values = amount_sql("coalesce(bought.total, 0) - coalesce(returned.total, 0)", compared, turned=turned)
    narrowed, ids = asked_of("contact_id", among)
    one = f"(SELECT contact_id, total FROM segments_activitytotal WHERE metric_id = %s{narrowed})"  # noqa: S608
    sql = (
        f"SELECT contact_id FROM {one} bought FULL JOIN {one} returned USING (contact_id)"  # noqa: S608
        f" WHERE {having}"
    )
    return given_by(sql, [of.events.metric_id, *ids, of.less, *ids, *values], negated=negated != turned)
