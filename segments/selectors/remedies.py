"""What would make a rule cheaper: an index for an attribute, a metric for a condition that reads the log."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from config.lib.sql import queries
from segments.models import Attribute, Metric, Promotion
from segments.predicates.attributes import PREFIX
from segments.predicates.base import Catalogue, Leaf
from segments.predicates.events import metric_wanted
from segments.selectors.costs import Plan
from segments.trees import Group, Node, read

WORTHWHILE = 0.5  # seconds: below that nobody waits
# The operators that an index of each type serves; the others look at everybody whatever there is.
_SERVED = {
    "string": {"equals", "in"},
    "number": {"equals", "in", "greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal", "between"},
    "boolean": {"equals"},
    "date": {"equals", "greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal", "between",
             "within_last", "within_next"},
    "list": {"contains_any", "contains_all"},
}  # fmt: skip


@dataclass(frozen=True)
class Promote:
    """Give this attribute an index. `done` of `total` blocks while it is being built."""

    attribute: str
    state: str = ""
    error: str = ""
    done: int = 0
    total: int = 0

    @property
    def kind(self) -> str:
        return "promote"


@dataclass(frozen=True)
class Count:
    """Register a metric that counts just what a condition asks."""

    name: str
    event_type: str
    filters: list[dict[str, Any]]
    value_property: str
    state: str = ""
    done: int = 0
    total: int = 0

    @property
    def kind(self) -> str:
        return "count"


def remedies(criteria: Any, plan: Plan) -> list[Promote | Count]:
    """What can be done about a rule that somebody waits for; what is already on its way among it."""
    leaves = _all_leaves(criteria)
    slow = plan.seconds >= WORTHWHILE
    indexes = _promotions(leaves, asked_only=not (slow and plan.reads_everybody))
    return [*indexes, *_metrics(leaves, asked_only=not slow)]


def metrics_wanted(criteria: Any) -> list[Count]:
    """The metrics that a rule would be answered from, were they there. Raises InvalidCriteria."""
    return list(_metrics(_all_leaves(criteria), asked_only=False))


def _all_leaves(criteria: Any) -> list[tuple[Leaf, bool]]:
    return list(_leaves(read(criteria, Catalogue.load()), negated=False))


def _leaves(node: Node, *, negated: bool) -> Iterator[tuple[Leaf, bool]]:
    if isinstance(node, Group):
        for child in node.conditions:
            yield from _leaves(child, negated=negated != node.negated)
    else:
        yield node, negated


def _promotions(leaves: list[tuple[Leaf, bool]], *, asked_only: bool) -> Iterator[Promote]:
    names = {
        leaf.field.name.removeprefix(PREFIX)
        for leaf, negated in leaves
        if not negated and leaf.field.predicate.kind == "attribute"
        and leaf.operator.name in _SERVED.get(leaf.field.type.name, ())
    }  # fmt: skip
    for one in Attribute.objects.filter(name__in=names).select_related("promotion").order_by("name"):
        row: Promotion | None = getattr(one, "promotion", None)
        if row is None and not asked_only:
            yield Promote(one.name)
        elif row is not None and row.state not in (Promotion.State.READY, Promotion.State.LEAVING):
            done, total = progress(row)
            yield Promote(one.name, row.state, row.error, done, total)


def progress(row: Promotion) -> tuple[int, int]:
    """Blocks read and to be read by the build that is under way; (0, 0) when none is."""
    with connection.cursor() as cursor:
        cursor.execute(queries("segments", "promotions")["progress"], {"name": row.index_name})
        found = cursor.fetchone()
    return (int(found[1] or 0), int(found[2] or 0)) if found else (0, 0)


def _metrics(leaves: list[tuple[Leaf, bool]], *, asked_only: bool) -> Iterator[Count]:
    wanted = {metric_name(*asked): asked for leaf, _ in leaves if (asked := metric_wanted(leaf))}
    known = {one.name: one for one in Metric.objects.filter(name__in=wanted)}
    for name, (event_type, filters, adds_up) in wanted.items():
        row = known.get(name)
        if row is not None and not row.is_ready:
            yield Count(name, event_type, filters, adds_up, "building", row.counted_to, row.log_end)
        elif row is None and not asked_only:
            yield Count(name, event_type, filters, adds_up)


def metric_name(event_type: str, filters: Sequence[Mapping[str, Any]], value_property: str) -> str:
    """The same for the same question: page_viewed_1f3a90c2."""
    told = json.dumps([filters, value_property], sort_keys=True)
    return f"{event_type[:90]}_x{hashlib.sha256(told.encode()).hexdigest()[:8]}"
