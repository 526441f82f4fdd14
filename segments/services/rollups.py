"""The rollup of activity: kept up with the log, and made anew from it. Statements: sql/events.sql."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from config.lib.sql import Statements
from segments.models import Activity, ActivityTotal, Metric

_SQL = Statements("segments", "events")
STRETCH = 2_000  # rows a transaction; it keeps all batches out meanwhile, so a tenth of a second or so
_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def roll(
    ids: Sequence[int],
    *,
    since: datetime = _EVER[0],
    until: datetime | None = None,
    links: Sequence[int] = (),
    visitors: Sequence[int] = (),
    metric_id: int | None = None,
) -> None:
    """Add rows of the log (`ids`, received from `since` to `until`) to the rollup, of all metrics or of one.

    `links` are new, and `visitors` those whose anonymous history they may move. In the caller's transaction.
    """
    spots = _SQL.rows("roll", ids=list(ids), since=since, until=until or since, links=list(links),
                      visitors=list(visitors), metric=metric_id)  # fmt: skip
    if spots:
        metrics, contacts, hours = map(list, zip(*spots, strict=True))
        for name in ("drop_empty", "look_up", "drop_empty_totals", "look_up_totals"):
            _SQL.count(name, metrics=metrics, contacts=contacts, hours=hours)


def catch_up(metric: Metric, *, rows: int = STRETCH) -> bool:
    """Count the next stretch of what was in the log before the metric; false when there is nothing left."""
    with transaction.atomic():
        _SQL.count("alone")
        metric.refresh_from_db()
        ids, last, since, until = _SQL.row("stretch", after=metric.counted_to, upto=metric.log_end, rows=rows)
        if ids:
            roll(ids, since=since, until=until, metric_id=metric.pk)
        metric.counted_to = last or metric.log_end
        metric.save(update_fields=["counted_to"])
    return bool(ids) and not metric.is_ready


def start_over(metric: Metric) -> None:
    """Throw a metric's rollup away; `catch_up` counts it again. Until then it shows what is counted so far."""
    with transaction.atomic():
        metric.log_end, metric.counted_to = end_of_log(), 0
        metric.save(update_fields=["log_end", "counted_to"])
        for rows in (Activity.objects, ActivityTotal.objects):
            rows.filter(metric_id=metric.pk).delete()


def end_of_log() -> int:
    """The last row of the log, in a transaction that keeps batches out from here to its end."""
    _SQL.count("alone")
    return int(_SQL.row("log_end")[0])


def lagging() -> list[Metric]:
    """Metrics that have yet to count what was there before them."""
    return [metric for metric in Metric.objects.order_by("pk") if not metric.is_ready]
