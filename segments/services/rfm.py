"""RFM snapshots: taken each night in stretches, kept for a while. Statements: sql/rfm.sql.

Who writes a stretch holds the snapshot's row, reads how far it is, and commits both together: a worker that dies
leaves a place to go on from, and two at once take turns.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum

from config.lib.sql import Statements
from segments.models import Metric, RfmSnapshot
from segments.rfm import SHARES

_SQL = Statements("segments", "rfm")
STRETCH = 50_000  # buyers a transaction: well under a second
NIGHT = 2  # the hour of UTC from which a day's snapshot is due
SNAPSHOTS_WITH_PEOPLE = 7
HISTORY = timedelta(days=730)


def is_due(at: datetime) -> bool:
    """Whether one is at work, or none was taken since this night."""
    night = at.astimezone(UTC).replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    night -= timedelta(days=1) if at < night else timedelta()
    latest = RfmSnapshot.objects.order_by("-taken_at").first()
    return latest is None or latest.finished_at is None or latest.taken_at < night


def take(*, at: datetime, rows: int = STRETCH) -> RfmSnapshot:
    """A snapshot of all buyers, the one at work or a new one, and old ones forgotten.

    Each buyer is read once, within the minutes it takes, and recency counts back from `at`.
    """
    snapshot = _at_work() or _begin(at)
    while _write(snapshot.pk, rows):
        pass
    _analyze()
    _finish(snapshot.pk)
    forget(at=at, rows=rows)
    return RfmSnapshot.objects.get(pk=snapshot.pk)


def forget(*, at: datetime, rows: int = STRETCH) -> None:
    """Of all but the last week's snapshots the buyers, and of those before two years everything."""
    finished = RfmSnapshot.objects.exclude(finished_at=None).order_by("-taken_at")
    for old in finished.filter(has_people=True)[SNAPSHOTS_WITH_PEOPLE:]:
        while _one("forget", snapshot=old.pk, rows=rows):
            pass
        RfmSnapshot.objects.filter(pk=old.pk).update(has_people=False)
    finished.filter(has_people=False, taken_at__lt=at - HISTORY).delete()


def _at_work() -> RfmSnapshot | None:
    return RfmSnapshot.objects.filter(finished_at=None).first()


def _begin(at: datetime) -> RfmSnapshot:
    found = _SQL.row("thresholds", shares=list(SHARES), at=at, metric=_metric())
    recency, frequency, monetary = (some or [] for some in found)
    try:
        with transaction.atomic():
            return RfmSnapshot.objects.create(
                taken_at=at, recency_thresholds=recency, frequency_thresholds=frequency, monetary_thresholds=monetary
            )
    except IntegrityError:  # another worker was first
        return RfmSnapshot.objects.get(finished_at=None)


def _write(snapshot_id: int, rows: int) -> bool:
    """Score the next buyers; false when there are none left."""
    with transaction.atomic():
        snapshot = RfmSnapshot.objects.select_for_update().get(pk=snapshot_id)
        last = None if snapshot.finished_at else _one(
            "score", snapshot=snapshot.pk, at=snapshot.taken_at, metric=_metric(), after=snapshot.written_to, rows=rows,
            recency=snapshot.recency_thresholds, frequency=snapshot.frequency_thresholds,
            monetary=snapshot.monetary_thresholds,
        )  # fmt: skip
        if last is None:
            return False
        snapshot.written_to = last
        snapshot.save(update_fields=["written_to"])
    return True


def _finish(snapshot_id: int) -> None:
    with transaction.atomic():
        snapshot = RfmSnapshot.objects.select_for_update().get(pk=snapshot_id)
        if snapshot.finished_at:
            return
        _SQL.count("cells", snapshot=snapshot.pk)
        snapshot.finished_at = _one("now")
        found = snapshot.cells.aggregate(people=Sum("people", default=0), money=Sum("money", default=0))
        snapshot.people, snapshot.money = found["people"], found["money"]
        snapshot.save(update_fields=["people", "money", "finished_at"])


def _analyze() -> None:
    """Millions of new rows of a snapshot that the planner has never heard of would be taken for none."""
    _one("analyze")


def _metric() -> int:
    return Metric.objects.get(name=settings.PURCHASE_METRIC).pk


def _one(name: str, **values: Any) -> Any:
    return _SQL.row(name, **values)[0]
