"""Counting without end, building anew beside it, and what is known of how fresh each derived table is."""

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction

from analytics import stream
from analytics.models import CampaignStat, Freshness, LinkStat, StreamMark

log = logging.getLogger(__name__)

_State = StreamMark.State
# Every derived table: what is usual, and what is reported.
DERIVED = {"campaign_stats": (timedelta(seconds=5), timedelta(minutes=1))}
_SWEEP = 10_000


def count(*, seconds: float) -> int:
    """Count what is new for at most about so long. Returns how many events; safe to run several times at once."""
    live, here = _live(), stream.cluster()
    if live.system_identifier != here.system_identifier:
        start_rebuild()  # restored into another cluster: its transaction ids say nothing about ours
        counted = 0
    else:
        _follow(live, here.timeline)
        counted = _count_until(live, time.monotonic() + seconds)
    build_chunk()
    sweep_retired()
    note_success("campaign_stats")
    return counted


def _follow(live: StreamMark, timeline: int) -> None:
    """After a recovery to a point in time, log, counters and mark are all of that point: they go on together."""
    if live.timeline != timeline:
        log.warning("the cluster goes on as timeline %d, after a recovery; the counters go on with it", timeline)
        StreamMark.objects.filter(pk=live.pk).update(timeline=timeline)


def _live() -> StreamMark:
    mark = StreamMark.objects.filter(state=_State.LIVE).first()
    if mark is None:
        stream.add_mark(_State.LIVE)
        mark = StreamMark.objects.get(state=_State.LIVE)
    return mark


def _count_until(mark: StreamMark, deadline: float) -> int:
    counted = 0
    while (chunk := stream.count_chunk(mark.pk)) is not None:
        counted += chunk
        if chunk < stream.CHUNK or time.monotonic() > deadline:
            break
    return counted


def start_rebuild() -> None:
    """Begin to count the whole log anew beside the live counters; the ticks go on with it. No-op when one is under way.

    It covers what the log still has: of months that retention has dropped nothing is counted again.
    """
    here = stream.cluster().system_identifier
    building = StreamMark.objects.filter(state=_State.BUILDING)
    building.exclude(system_identifier=here).update(state=_State.RETIRED)
    if not building.exists():
        stream.add_mark(_State.BUILDING)


def build_chunk() -> bool:
    """Count one chunk of a rebuild and let it take over when it has caught up. Whether a rebuild is under way still."""
    building = StreamMark.objects.filter(state=_State.BUILDING).first()
    if building is None:
        return False
    chunk = stream.count_chunk(building.pk)
    return chunk is None or not _take_over(building.pk, caught_up=chunk < stream.CHUNK)


def _take_over(building_id: int, *, caught_up: bool) -> bool:
    """Swap when the new counters stand where the live ones do, or further. Both marks are locked meanwhile."""
    with transaction.atomic():
        current = StreamMark.objects.select_for_update().exclude(state=_State.RETIRED).order_by("pk")
        marks = {mark.state: mark for mark in current}
        live, building = marks[_State.LIVE], marks.get(_State.BUILDING)
        if building is None or building.pk != building_id:
            return True  # another consumer has done it
        comparable = live.system_identifier == building.system_identifier and live.base_id == building.base_id
        if not (building.place >= live.place if comparable else caught_up):
            return False
        StreamMark.objects.filter(pk=live.pk).update(state=_State.RETIRED)
        StreamMark.objects.filter(pk=building.pk).update(state=_State.LIVE)
    log.info("the counters were built anew from %d events", building.events)
    return True


def rebuild(*, idle_share: float = 0.5) -> None:
    """Build the counters anew now, resting for this share of the time so that other work goes on."""
    _live()
    start_rebuild()
    begun = time.monotonic()
    while build_chunk():
        time.sleep((time.monotonic() - begun) * idle_share / (1 - idle_share))
        begun = time.monotonic()


def counted_events() -> int:
    """How many events of the log are in the live counters."""
    return _live().events


def sweep_retired() -> None:
    """Remove counters that nobody reads any more, a bounded number at a time."""
    for mark in StreamMark.objects.filter(state=_State.RETIRED):
        if not _remove_some(CampaignStat, mark) and not _remove_some(LinkStat, mark):
            mark.delete()


def _remove_some(model: type[CampaignStat] | type[LinkStat], mark: StreamMark) -> int:
    some = list(model._default_manager.filter(mark=mark).values_list("pk", flat=True)[:_SWEEP])  # noqa: SLF001 - public in Django
    return model._default_manager.filter(pk__in=some).delete()[0]  # noqa: SLF001 - public in Django


def note_success(name: str) -> None:
    """Write down up to when a derived table tells everything."""
    as_of = StreamMark.objects.get(state=_State.LIVE).as_of
    if not Freshness.objects.filter(pk=name).update(last_success_at=as_of):
        _freshness(name, last_success_at=as_of)


def _freshness(name: str, **values: datetime | None) -> None:
    expected_lag, alert_threshold = DERIVED[name]
    limits = {"expected_lag": expected_lag, "alert_threshold": alert_threshold}
    Freshness.objects.get_or_create(name=name, defaults={**limits, **values})


def check_freshness(*, at: datetime) -> list[str]:
    """Report derived tables that became too old, and those that recovered. Returns the names of the old ones."""
    for name in DERIVED:
        _freshness(name)
    late = []
    for row in Freshness.objects.order_by("name"):
        if row.last_success_at is None or at - row.last_success_at > row.alert_threshold:
            late.append(row.name)
            log.error("%s tells nothing since %s, which is too long", row.name, row.last_success_at)
            Freshness.objects.filter(pk=row.pk, late_since=None).update(late_since=at)
        elif row.late_since is not None:
            log.info("%s is up to date again", row.name)
            Freshness.objects.filter(pk=row.pk).update(late_since=None)
    return late
