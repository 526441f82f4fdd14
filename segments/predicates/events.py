"""Conditions on what people did: one field for each event type, `event.page_viewed`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject

from segments.events.filters import path_of
from segments.models import EventType, Metric
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.counting import Events, Measure, happened
from segments.predicates.dates import window_in
from segments.predicates.happening import MEASURES, Happening
from segments.predicates.properties import kinds_of
from segments.predicates.types import ValueType

PREFIX = "event."
_ALSO = "events."  # the seeds' spelling

Filters = frozenset[str]


@dataclass(frozen=True)
class EventOf(Happening):
    """An event type as the registry has it: with the metrics that count of it, ({filter}, what is added up) each."""

    type_id: int = 0
    metrics: Mapping[tuple[Filters, str], int] = field(default_factory=dict)

    def counted_by(self, value: Mapping[str, Any]) -> int | None:
        """The metric that counts just what this condition is about."""
        wanted, adds_up = _key(value.get("where", [])), value.get("sum", {}).get("property")
        found = [pk for (filters, summed), pk in self.metrics.items()
                 if filters == wanted and adds_up in (None, summed)]  # fmt: skip
        return min(found, default=None)


class DidEvent(Predicate):
    """Did something or did not, ever or in a window, so and so often."""

    kind = "event"
    group = "Events"

    def fields(self) -> Mapping[str, ValueType]:
        return {PREFIX + one.name: of for one, of in _registry()}

    def spellings(self, name: str) -> Iterable[str]:
        return (_ALSO + name.removeprefix(PREFIX),)

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        return _q(leaf, scope, negated=False)

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return _q(leaf, scope, negated=True)


def metric_wanted(leaf: Leaf) -> tuple[str, list[dict[str, Any]], str] | None:
    """(event type, filters, value property) of the metric whose rollup would answer a condition that reads the log.

    None for conditions that read no log.
    """
    kind = leaf.field.type
    if not isinstance(kind, EventOf) or kind.counted_by(leaf.value) is not None:
        return None
    adds_up = leaf.value.get("sum", {}).get("property", "")
    return leaf.field.name.removeprefix(PREFIX), leaf.value.get("where", []), adds_up


def _registry() -> Iterable[tuple[EventType, EventOf]]:
    """Each event type with its properties and the metrics that have counted all there is. One query."""
    ready = Metric.objects.filter(event_type=OuterRef("pk"), counted_to__gte=F("log_end")).order_by("pk")
    described = JSONObject(pk="pk", name="name", filters="filters", adds_up="value_property")
    types = EventType.objects.select_related("current").annotate(counted=ArraySubquery(ready.values(json=described)))
    for one in types.order_by("name"):
        metrics = {(_key(metric["filters"]), metric["adds_up"]): metric["pk"] for metric in one.counted[::-1]}
        own = next((metric["adds_up"] for metric in one.counted if metric["name"] == one.name), "")
        yield one, EventOf(kinds_of(one.current.schema if one.current else None), own, one.pk, metrics)


def _key(filters: Sequence[Mapping[str, Any]]) -> Filters:
    return frozenset(json.dumps([one["property"], one["operator"], one.get("value")]) for one in filters)


def _q(leaf: Leaf, scope: Scope, *, negated: bool) -> Q:
    kind, value = leaf.field.type, leaf.value
    assert isinstance(kind, EventOf)
    measured = next((key for key in MEASURES if key in value), "")
    return happened(
        Events(kind.type_id, path_of(value.get("where", [])), kind.counted_by(value)),
        Measure(measured, value.get(measured)),
        window_in(value, scope.at),
        at=scope.at,
        negated=negated,
        among=scope.among,
    )
