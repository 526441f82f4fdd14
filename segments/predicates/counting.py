"""What happened, as SQL: over the totals for ever, over the hours for a window, over the log where nothing counts it.

A window is exact to the microsecond. The rollup settles every hour that lies inside it, and an hour that its edge cuts
too when all of its events are on one side; only where some are on either side the log is asked, by index.
All text here is constant; what anybody wrote is a parameter.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from segments.predicates.comparing import Condition, amount_sql, holds_for_nobody
from segments.predicates.dates import MOMENT, Window
from segments.predicates.having import asked_of, given_by, has

_HOUR = timedelta(hours=1)
_LONG = timedelta(days=90)  # from here on everybody's totals, of who lies wholly inside, are fewer rows than all hours
_ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
_NUMBER = (
    "coalesce(sum(CASE WHEN jsonb_typeof(e.properties -> %s) = 'number'"
    " THEN (e.properties ->> %s)::numeric END), 0)"
)  # fmt: skip


@dataclass(frozen=True)
class Events:
    """Which events are meant: those of a type that pass a jsonpath, and the metric that counts just these, if any."""

    type_id: int
    path: str | None = None
    metric_id: int | None = None

    def of_log(self) -> Condition:
        if self.path is None:
            return "e.event_type_id = %s", [self.type_id]
        return "e.event_type_id = %s AND e.properties @@ %s::jsonpath", [self.type_id, self.path]


@dataclass(frozen=True)
class Measure:
    """What is asked of them: at least one, or {"count" | "sum" | "first" | "last": comparison}."""

    kind: str = ""
    comparison: Mapping[str, Any] | None = None

    @property
    def fits_nobody(self) -> bool:
        """Whether it also holds for people who did nothing of the kind."""
        return self.kind in ("count", "sum") and holds_for_nobody(self.comparison or {})

    def having(self, columns: "Columns", at: datetime, *, turned: bool) -> Condition:
        """The condition on them, or its exact opposite."""
        sql, params = columns[self.kind or "count"]
        if not self.comparison:
            return f"{sql} > 0", params
        if self.kind in ("count", "sum"):
            compared, values = amount_sql(sql, self.comparison, turned=turned)
            return compared, [*params, *values]
        return _within(sql, MOMENT.window(self.comparison["operator"], self.comparison["value"], at))


Columns = Mapping[str, Condition]
"""The SQL of count, sum, first and last where it is looked up; none is ever null."""

_TOTALS: Columns = {"count": ("count", []), "sum": ("total", []), "first": ("first_at", []), "last": ("last_at", [])}


def happened(
    events: Events, measure: Measure, window: Window | None, *, at: datetime, negated: bool,
    among: Collection[int] | None,
) -> Q:  # fmt: skip
    """The contacts of whom it holds, or exactly the others."""
    turned = measure.fits_nobody  # then those are looked for of whom it does not hold
    negated = negated != turned
    if events.metric_id is None:
        sql, params = _logged(events, measure, window, at, turned, among)
        return given_by(sql, params, negated=negated)
    if window is None:
        return ever(events.metric_id, measure, at=at, turned=turned, negated=negated)
    if not measure.kind:
        return _once(events, window, at=at, negated=negated)
    sql, params = _hourly(events, measure, window, at, turned, among)
    return given_by(sql, params, negated=negated)


def ever(metric_id: int, measure: Measure, *, at: datetime, turned: bool, negated: bool) -> Q:
    """By the one row that a contact has of a metric; a row is never of nothing."""
    sql = "SELECT FROM segments_activitytotal WHERE metric_id = %s AND contact_id = {contact}"
    params: list[Any] = [metric_id]
    if measure.kind:
        having, values = measure.having(_TOTALS, at, turned=turned)
        sql, params = f"{sql} AND {having}", [*params, *values]
    return has(sql, params, negated=negated)


def _within(column: str, window: Window) -> Condition:
    bounds = [(sign, bound) for sign, bound in zip((">=", "<"), window, strict=True) if bound]
    return " AND ".join(f"{column} {sign} %s" for sign, _ in bounds), [bound for _, bound in bounds]


def _once(events: Events, window: Window, *, at: datetime, negated: bool) -> Q:
    """At least once in the window.

    Where it ends now, the last time says it all; that of somebody whose clock is ahead of ours is looked up.
    """
    start, end = _closed(window)
    hours, params = _hours(events.metric_id, window)
    cut = f"(h.first_at >= %s OR h.last_at < %s OR {_LOGGED_IN_HOUR})"
    log, of_log = events.of_log()
    cut = cut.format(log=log)
    cut_params = [start, end, start, end, *of_log]
    if end <= at:
        return has(f"SELECT FROM {hours} AND h.contact_id = {{contact}} AND {cut}", [*params, *cut_params],
                   negated=negated)  # fmt: skip
    later = f"EXISTS (SELECT FROM {hours} AND h.contact_id = t.contact_id AND {cut})"
    sql = (
        "SELECT FROM segments_activitytotal t WHERE t.metric_id = %s AND t.contact_id = {contact}"
        f" AND t.last_at >= %s AND t.first_at < %s AND (t.last_at < %s OR t.first_at >= %s OR {later})"
    )
    return has(sql, [events.metric_id, start, end, end, start, *params, *cut_params], negated=negated)


_LOGGED_IN_HOUR = (
    "EXISTS (SELECT FROM segments_events_of(h.contact_id, greatest(h.hour, %s),"
    " least(h.hour + interval '1 hour', %s)) e WHERE {log})"
)


def _hours(metric_id: int | None, window: Window) -> Condition:
    """The rows of the rollup that have anything to do with a window."""
    start, end = _closed(window)
    floor = start.replace(minute=0, second=0, microsecond=0)
    sql = (
        "segments_activity h WHERE h.metric_id = %s AND h.hour >= %s AND h.hour < %s"
        " AND h.last_at >= %s AND h.first_at < %s"
    )
    return sql, [metric_id, floor, end, start, end]


def _hourly(
    events: Events, measure: Measure, window: Window, at: datetime, turned: bool, among: Collection[int] | None
) -> Condition:
    start, end = _closed(window)
    hours, params = _hours(events.metric_id, window)
    log, of_log = events.of_log()

    def summed(column: str, from_log: str, values: list[Any]) -> Condition:
        looked_up = (
            f"SELECT {from_log} FROM segments_events_of(h.contact_id, greatest(h.hour, %s),"  # noqa: S608
            f" least(h.hour + interval '1 hour', %s)) e WHERE {log}"
        )
        sql = f"sum(CASE WHEN h.first_at >= %s AND h.last_at < %s THEN h.{column} ELSE ({looked_up}) END)"
        return sql, [start, end, *values, start, end, *of_log]

    columns = {"count": summed("count", "count(*)", []), "sum": summed("total", _NUMBER, [_property(measure)] * 2)}
    having, values = measure.having(columns, at, turned=turned)
    narrowed, ids = asked_of("h.contact_id", among)
    whole, grouped = f"SELECT h.contact_id FROM {hours}{narrowed}", f"GROUP BY h.contact_id HAVING {having}"  # noqa: S608
    few = among is not None and not isinstance(among, range)
    if few or end - start < _LONG:
        return f"{whole} {grouped}", [*params, *ids, *values]
    inside, inside_params = _inside(events, measure, window, at, turned, among)
    astride = (
        "EXISTS (SELECT FROM segments_activitytotal t WHERE t.metric_id = %s AND t.contact_id = h.contact_id"
        " AND (t.first_at < %s OR t.last_at >= %s))"
    )
    of_totals = [events.metric_id, start, end]
    sql = f"{inside} UNION ALL {whole} AND {astride} {grouped}"
    return sql, [*inside_params, *params, *ids, *of_totals, *values]


def _inside(
    events: Events, measure: Measure, window: Window, at: datetime, turned: bool, among: Collection[int] | None
) -> Condition:
    """Of people all of whose events lie in the window, most of them when it is long, the totals say it."""
    start, end = _closed(window)
    having, values = measure.having(_TOTALS, at, turned=turned)
    narrowed, ids = asked_of("contact_id", among)
    sql = (
        "SELECT contact_id FROM segments_activitytotal"  # noqa: S608
        f" WHERE metric_id = %s AND first_at >= %s AND last_at < %s{narrowed} AND {having}"
    )
    return sql, [events.metric_id, start, end, *ids, *values]


def _logged(
    events: Events, measure: Measure, window: Window | None, at: datetime, turned: bool, among: Collection[int] | None
) -> Condition:
    """By the log itself: of everybody in one pass over it, of a few by what each of them did."""
    start, end = _closed(window) if window else _ALWAYS
    log, of_log = events.of_log()
    columns = {
        "count": ("count(*)", []), "sum": (_NUMBER, [_property(measure)] * 2),
        "first": ("min(e.occurred_at)", []), "last": ("max(e.occurred_at)", []),
    }  # fmt: skip
    having, values = measure.having(columns, at, turned=turned)
    if among is None or isinstance(among, range):
        narrowed, ids = asked_of("e.contact_id", among)
        log, of_log = f"{log}{narrowed}", [*of_log, *ids]
        # nothing is logged an hour or more before it happened
        source = "segments_personevent e WHERE e.at >= %s AND e.occurred_at >= %s AND e.occurred_at < %s AND "
        params: list[Any] = [start - _HOUR, start, end]
    else:
        source = "unnest(%s::bigint[]) asked(id), segments_events_of(asked.id, %s, %s) e WHERE "
        params = [list(among), start, end]
    sql = f"SELECT e.contact_id FROM {source}{log} GROUP BY e.contact_id HAVING {having}"  # noqa: S608
    return sql, [*params, *of_log, *values]


def _property(measure: Measure) -> str:
    return str((measure.comparison or {}).get("property", ""))


def _closed(window: Window) -> tuple[datetime, datetime]:
    start, end = window
    return start or _ALWAYS[0], end or _ALWAYS[1]
