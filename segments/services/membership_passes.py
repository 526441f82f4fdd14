"""Passes: everybody is looked at again, by id, a stretch a transaction. Whoever carries on loses nothing."""

from datetime import datetime, timedelta
from time import monotonic, sleep

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Value, When
from django.utils import timezone

from segments.dependence import CompilerAt
from segments.models import How, Segment, SegmentUpkeep
from segments.services import upkeep as upkeeps
from segments.services.membership_looks import CHUNKS, LONG, QUICK, Looks, TooSlow, told
from segments.services.membership_rows import row, rows, run


def pass_next(segment_id: int, *, at: datetime) -> bool:
    """Begin the pass that is due, or go on with it by one stretch; whether there is more. One transaction."""
    with transaction.atomic():
        run("hold_one", segment=segment_id)
        upkeep = SegmentUpkeep.objects.filter(pk=segment_id).first()
        if upkeep is None:
            return False
        return _begin(upkeep, at) if upkeep.passed is None else _go_on(upkeep, at)


def _go_on(upkeep: SegmentUpkeep, at: datetime) -> bool:
    """It writes nothing before it has looked, however long that takes."""
    began = monotonic()
    with told(upkeep):
        try:
            upto = row("next_stretch", after=upkeep.passed, rows=upkeep.chunk)[0]
            Looks(max(at, timezone.now())).at_stretch(upkeep, upto)
        except TooSlow:
            if upkeep.chunk == CHUNKS.start:
                raise
            return _narrow(upkeep)
        upkeep.passed = upto
    if upkeep.error:
        return False
    if upto is None:
        _end(upkeep)
    else:
        upkeep.chunk = _next_chunk(upkeep, monotonic() - began)
        upkeep.save(update_fields=["passed", "chunk"])
    return upto is not None


def _narrow(upkeep: SegmentUpkeep) -> bool:
    """Go on where it is, with fewer people a transaction; as many are not tried again before the next pass."""
    upkeep.chunk = upkeep.widest = max(upkeep.chunk // 4, CHUNKS.start)
    upkeep.save(update_fields=["chunk", "widest"])
    return True


def _next_chunk(upkeep: SegmentUpkeep, took: float) -> int:
    if took > LONG:
        return max(upkeep.chunk // 2, CHUNKS.start)
    return min(upkeep.chunk * 2, upkeep.widest) if took < QUICK else upkeep.chunk


def _begin(upkeep: SegmentUpkeep, at: datetime) -> bool:
    """Whether the next pass begins now. What its rule depends on is worked out anew: the catalogue may have changed."""
    if upkeep.pk not in waiting(at=at):
        return False
    watched = upkeeps.depend(upkeep, CompilerAt(), at)
    upkeep.upto = row("last_contact")[0]
    if upkeep.error or not watched:
        upkeep.due_at = at if not upkeep.error else upkeeps.next_try(at)
    else:
        upkeep.began_at, upkeep.passed, upkeep.widest = at, 0, CHUNKS.stop - 1
    upkeep.save(update_fields=[
        "reads", "moves", "watched_from", "error", "due_at", "began_at", "passed", "upto", "widest",
    ])  # fmt: skip
    return upkeep.passed is not None


def _end(upkeep: SegmentUpkeep) -> None:
    """Everybody was looked at. Whoever asked for another pass meanwhile gets it."""
    now = timezone.now()
    if upkeep.how == How.FROZEN:
        Segment.objects.filter(pk=upkeep.pk, dynamic=False).update(frozen_at=now)
    following = Value(upkeeps.next_pass(upkeep, at=now), output_field=DateTimeField())
    asked = When(due_at__gt=F("began_at"), then=F("due_at"))
    SegmentUpkeep.objects.filter(pk=upkeep.pk).update(
        passed=None, due_at=Case(asked, default=following), how=How.CLOCK, passed_at=now
    )
    run("note", segment=upkeep.pk, entered=0, gone=0, counts=False)


def waiting(*, at: datetime) -> list[int]:
    """The segments whose passes may begin or go on."""
    return [pk for (pk,) in rows("due", at=at)]


def ask_for_pass(segment: Segment, *, at: datetime) -> None:
    """Have everybody looked at again soon."""
    SegmentUpkeep.objects.filter(pk=segment.pk).update(due_at=at)


def set_interval(segment: Segment, *, hours: float) -> None:
    """How often everybody is looked at again; 0: as its rule asks."""
    upkeeps.plan(at=timezone.now())  # it may be new
    every = timedelta(hours=hours) if hours else None
    SegmentUpkeep.objects.filter(pk=segment.pk).update(every=every)


def pass_whole(segment: Segment, *, patience: float) -> bool:
    """Look at everybody now, to the end; false when it did not come to that.

    Its rule may not work, or there are writers who began before it was watched: these are waited for, for so long.
    """
    upkeeps.plan(at=timezone.now())
    ask_for_pass(segment, at=timezone.now())
    one, until = SegmentUpkeep.objects.filter(pk=segment.pk), monotonic() + patience
    before = one.values_list("passed_at", flat=True).first()
    while True:
        while pass_next(segment.pk, at=timezone.now()):
            pass
        if one.exclude(error="").exists() or monotonic() > until:
            return False
        if one.exclude(passed_at=None).exclude(passed_at=before).exists():
            return True
        sleep(0.1)
        upkeeps.plan(at=timezone.now())
