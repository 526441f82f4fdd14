"""Who is in which segment, kept up: a look at those about whom something changed, and passes over everybody.

Each transaction takes what it follows from off the queue or the pass, and writes what follows: a worker that dies has
done nothing. All looks at a segment are under the lock of its upkeep, each in a snapshot taken under it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

from django.db import DataError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg.errors import QueryCanceled

from config.lib.sql import queries
from segments.compiler import Compiler
from segments.dependence import CompilerAt, people, statement
from segments.errors import InvalidCriteria
from segments.models import How, Segment, SegmentUpkeep, TailMark
from segments.services import upkeep as upkeeps
from segments.services.membership_rows import row, rows, run
from segments.watches import WATCHES

BATCH = 500  # touches; more of them while that is quick
_MOST, _LONG, _QUICK = 5_000, 1.0, 0.25  # seconds a transaction writes
_CHUNKS = range(100, 200_001)
_STATEMENT_LIMIT = "5s"
_TAIL = 20_000
_LAST = 2**63 - 1
TOO_SLOW = "Looking at its people takes too long"


class _Looks:
    """Looks at segments within one transaction, all by rules as they are at one moment."""

    def __init__(self, at: datetime) -> None:
        self._compiler = Compiler(at)
        run("limit_statements", limit=_STATEMENT_LIMIT)

    def at_people(self, upkeep: SegmentUpkeep, hows: Mapping[int, str]) -> None:
        """Look at these contacts. Raises what a rule that does not work raises."""
        ids = sorted(hows)
        how = [hows[pk] for pk in ids]
        self._settle(upkeep, "batch", Q(pk__in=ids), ids=ids, hows=how, how="", counts=True)

    def at_stretch(self, upkeep: SegmentUpkeep, upto: int) -> None:
        """Look at all contacts after those passed."""
        after = int(upkeep.passed or 0)
        counts = upkeep.how not in (How.RULE, How.FROZEN)
        stretch = {"after": after, "upto": upto, "ids": [], "hows": []}
        self._settle(upkeep, "stretch", Q(pk__gt=after, pk__lte=upto), **stretch, how=upkeep.how, counts=counts)

    def _settle(self, upkeep: SegmentUpkeep, those: str, within: Q, *, counts: bool, **values: Any) -> None:
        fitting = statement(people(self._compiler, upkeep.pk).filter(within)).replace("%", "%%")
        parts = {"people": fitting, "those": queries("segments", "memberships")[those]}
        entered, gone = row("settle", parts, segment=upkeep.pk, version=upkeep.version_id, **values)
        if entered or gone:
            run("note", segment=upkeep.pk, entered=entered, gone=gone, counts=counts)


def settle_touches(*, limit: int = BATCH) -> int:
    """Look again at the next people about whom something changed, in one transaction; how many touches it took.

    None of them when somebody else is at it.
    """
    with transaction.atomic():
        if not row("settle_alone")[0]:
            return 0
        touches = rows("claim", limit=limit)
        if everybody := sorted({watch for contact_id, watch in touches if contact_id is None}):
            run("all_due", watches=everybody)
        if touched := _by_contact(touches):
            _look_at(touched)
        return len(touches)


def _by_contact(touches: list[tuple[int | None, str]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for contact_id, watch in touches:
        if contact_id is not None:
            found[contact_id].add(watch)
    return found


def _look_at(touched: Mapping[int, set[str]]) -> None:
    watches = sorted(set().union(*touched.values()))
    locked = [pk for (pk,) in rows("lock", watches=watches)]
    if not locked:
        return
    looks = _Looks(timezone.now())  # not before the locks: later looks see later moments
    for upkeep in SegmentUpkeep.objects.filter(pk__in=locked, error="").order_by("pk"):
        reads = set(upkeep.reads)
        if hows := {pk: min(hit) for pk, kinds in touched.items() if (hit := kinds & reads)}:
            with _told(upkeep):
                looks.at_people(upkeep, hows)


@contextmanager
def _told(upkeep: SegmentUpkeep) -> Iterator[None]:
    """A rule that does not work harms no other: it is noted, and a pass makes up for it once it works again."""
    try:
        with transaction.atomic():
            yield
    except (InvalidCriteria, DataError, OperationalError) as error:
        if isinstance(error, OperationalError) and not isinstance(error.__cause__, QueryCanceled):
            raise
        now, slow = timezone.now(), isinstance(error, OperationalError)
        upkeep.error = TOO_SLOW if slow else str(error).partition("\n")[0][:500]
        upkeep.due_at = now if slow and upkeep.chunk > _CHUNKS.start else upkeeps.next_try(now)
        upkeep.passed, upkeep.chunk = None, max(upkeep.chunk // 4, _CHUNKS.start)
        upkeep.save(update_fields=["error", "due_at", "passed", "chunk"])


def settle_for(seconds: float) -> int:
    """Look at those who are touched until nobody is left or the time is up; how many touches that were."""
    until, done, limit = monotonic() + seconds, 0, BATCH
    while monotonic() < until:
        began = monotonic()
        taken = settle_touches(limit=limit)
        took, done = monotonic() - began, done + taken
        if taken < limit:
            break
        limit = max(limit // 2, 50) if took > _LONG else min(limit * 2, _MOST) if took < _QUICK else limit
    return done


def pass_next(segment_id: int, *, at: datetime) -> bool:
    """Go on with the pass of a segment, or begin the one that is due, by one transaction; whether there is more."""
    with transaction.atomic():
        upkeep = SegmentUpkeep.objects.select_for_update().filter(pk=segment_id).first()
        if upkeep is None or not (upkeep.passed is not None or _begin(upkeep, at)):
            return False
        began = monotonic()
        with _told(upkeep):
            upto = row("next_stretch", after=upkeep.passed, rows=upkeep.chunk)[0]
            _Looks(max(at, timezone.now())).at_stretch(upkeep, upto or _LAST)
            upkeep.passed = upto
        if upkeep.error:
            return False
        took = monotonic() - began
        if upto and took > _LONG:
            upkeep.chunk = max(upkeep.chunk // 2, _CHUNKS.start)
        elif took < _QUICK:
            upkeep.chunk = min(upkeep.chunk * 2, _CHUNKS.stop - 1)
        upkeep.save(update_fields=["passed", "chunk"])
        if upto is None:
            _end(upkeep)
        return upto is not None


def _begin(upkeep: SegmentUpkeep, at: datetime) -> bool:
    """Whether the next pass begins now. What its rule depends on is worked out anew: the catalogue may have changed."""
    if upkeep.pk not in waiting(at=at):
        return False
    watched = upkeeps.depend(upkeep, CompilerAt(), at)
    upkeep.upto = row("last_contact")[0]
    if upkeep.error or not watched:
        upkeep.due_at = at if not upkeep.error else upkeeps.next_try(at)
    else:
        upkeep.began_at, upkeep.passed = at, 0
    upkeep.save(update_fields=["reads", "moves", "watched_from", "error", "due_at", "began_at", "passed", "upto"])
    return upkeep.passed is not None


def _end(upkeep: SegmentUpkeep) -> None:
    """Everybody was looked at. Whoever asked for another pass meanwhile gets it."""
    now = timezone.now()
    assert upkeep.began_at
    again = upkeep.due_at and upkeep.due_at > upkeep.began_at
    upkeep.due_at = upkeep.due_at if again else upkeeps.next_pass(upkeep, at=now)
    if upkeep.how == How.FROZEN:
        Segment.objects.filter(pk=upkeep.pk, dynamic=False).update(frozen_at=now)
    upkeep.how, upkeep.passed_at = How.CLOCK, now
    upkeep.save(update_fields=["due_at", "how", "passed_at"])
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


def follow_logs() -> None:
    """Touch the people whom logs of the floors above speak of since the last time; let go of logs nobody needs."""
    wanted = {kind for reads in SegmentUpkeep.objects.values_list("reads", flat=True) for kind in reads}
    for watch in (one for one in WATCHES if one.log):
        while watch.kind in wanted and _follow(watch.log, watch.kind, watch.which):
            pass
    TailMark.objects.exclude(log__in=[one.log for one in WATCHES if one.kind in wanted]).delete()


def _follow(log: str, kind: str, which: str) -> bool:
    """One chunk of a log; whether there is more."""
    with transaction.atomic():
        mark = TailMark.objects.select_for_update(skip_locked=True).filter(pk=log).first()
        if mark is None:
            return False
        xid, end = row("now_in_log")
        if mark.xid > end:  # of the cluster that a dump came from: begin anew, with a pass
            mark.xid, mark.row = xid, 2**62
            run("all_due", watches=[kind])
        found = row("tail", {"log": log, "which": which}, xid=mark.xid, row=mark.row, limit=_TAIL, watch=kind)
        mark.xid, mark.row = found or (mark.xid, mark.row)
        mark.save()
    return found is not None
