"""Which segments are kept up, by which versions, what touches them and when they pass: worked out from their rules.

Nothing has to tell the upkeep of a new version, an archived segment or another rule beneath: it looks, each second.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from config.lib import public_ids
from segments.dependence import CompilerAt, Dependence, dependence
from segments.errors import InvalidCriteria
from segments.models import How, Membership, Segment, SegmentUpkeep, TailMark
from segments.services.membership_rows import row, rows, run
from segments.trees import segment_ids
from segments.watches import WATCHES, People

Moves = SegmentUpkeep.Moves
_EVERY = {Moves.NEVER: timedelta(days=1), Moves.ALWAYS: timedelta(hours=1)}  # daily: at the turn of the day


def plan(*, at: datetime) -> None:
    """Take up segments that are new or have another rule, and let go of those that are archived."""
    with transaction.atomic():
        run("unwatch")
        run("stamp")
    compiler_at = CompilerAt()
    for segment in Segment.objects.filter(pk__in=[pk for (pk,) in rows("changed")]).order_by("pk"):
        with transaction.atomic():
            if row("plan_alone")[0]:  # else somebody is at it
                _take_up(segment, compiler_at, at)


def _take_up(segment: Segment, compiler_at: CompilerAt, at: datetime) -> None:
    """Begin anew, by the rules of now."""
    row("hold_one", segment=segment.pk)
    upkeep = SegmentUpkeep.objects.filter(pk=segment.pk).first()
    upkeep = upkeep or SegmentUpkeep(
        segment=segment, reads=[], size=Membership.objects.filter(segment_id=segment.pk).count()
    )
    upkeep.stands_on = sorted(_stands_on(segment.pk))
    upkeep.rules = row("rules", stands_on=upkeep.stands_on)[0]
    assert segment.current_id
    upkeep.version_id, upkeep.passed, upkeep.passed_at = segment.current_id, None, None
    upkeep.how = How.RULE if segment.dynamic else How.FROZEN
    upkeep.due_at = None if segment.frozen_at else at
    if segment.frozen_at:
        upkeep.passed_at = segment.frozen_at
    depend(upkeep, compiler_at, at)
    upkeep.save()


def depend(upkeep: SegmentUpkeep, compiler_at: CompilerAt, at: datetime) -> bool:
    """Note what its rule depends on by now; whether everybody who writes that is known to touch it already."""
    try:
        found, upkeep.error = dependence(compiler_at, upkeep.pk, at), ""
    except InvalidCriteria as error:
        found, upkeep.error = Dependence(frozenset({People.kind}), Moves.ALWAYS), error.detail[:500]
    if found.reads - set(upkeep.reads):
        upkeep.watched_from = None
    upkeep.reads, upkeep.moves = sorted(found.reads), found.moves
    _follow(found.reads)
    return upkeep.watched_from is not None


def next_pass(upkeep: SegmentUpkeep, *, at: datetime) -> datetime | None:
    """When time alone may have changed its members; a frozen one has no rule any more."""
    if upkeep.how == How.FROZEN:
        return None
    if upkeep.every or upkeep.moves != Moves.DAILY:
        return at + (upkeep.every or _EVERY[Moves(upkeep.moves)])
    return (at.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def next_try(at: datetime) -> datetime:
    """When a rule that does not work is tried again."""
    return at + timedelta(minutes=10)


def _stands_on(segment_id: int) -> set[int]:
    """It and all that its rule names, a level a query. A frozen segment stands on nothing else."""
    found, waiting = set[int](), {segment_id}
    while waiting:
        found |= waiting
        named = Segment.objects.filter(pk__in=waiting, frozen_at=None).values_list("current__criteria", flat=True)
        waiting = {public_ids.decode("segment", text) for rule in named if rule for text in segment_ids(rule)} - found
    return found


def _follow(kinds: Iterable[str]) -> None:
    """Read logs from now on, at the latest: what is in them already is seen by the pass that comes."""
    logs = [watch.log for watch in WATCHES if watch.log and watch.kind in kinds]
    if logs:
        xid, _end = row("now_in_log")
        marks = [TailMark(log=log, xid=xid, row=2**62) for log in logs]
        TailMark.objects.bulk_create(marks, ignore_conflicts=True)
