"""Those about whom something changed are looked at again, a batch a transaction.

It takes what it follows from off the queue and writes what follows: a worker that dies has done nothing. All looks at a
segment are under its lock, each in a snapshot taken under it, so that of two the later one stays.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from time import monotonic

from django.db import transaction
from django.utils import timezone

from segments.models import SegmentUpkeep
from segments.services.membership_looks import LONG, QUICK, Looks, told
from segments.services.membership_rows import hold, row, rows, run

BATCH = 500  # touches; more of them while that is quick
_MOST = 5_000


def settle_touches(*, limit: int = BATCH) -> int:
    """Look again at the next people about whom something changed, in one transaction; how many touches it took.

    None of them when somebody else is at it.
    """
    with transaction.atomic():
        if not row("settle_alone")[0]:
            return 0
        watches = [watch for (watch,) in rows("next_watches", limit=limit)]
        held = hold(watches=watches)
        touches = rows("claim", limit=limit, watches=watches)
        if everybody := sorted({watch for contact_id, watch in touches if contact_id is None}):
            run("all_due", watches=everybody, how=everybody[0])
        if touched := _by_contact(touches):
            _look_at(touched, held)
        return len(touches)


def _by_contact(touches: list[tuple[int | None, str]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for contact_id, watch in touches:
        if contact_id is not None:
            found[contact_id].add(watch)
    return found


def _look_at(touched: Mapping[int, set[str]], held: Collection[int]) -> None:
    if not held:
        return
    looks = Looks(timezone.now())  # not before the locks: later looks see later moments
    for upkeep in SegmentUpkeep.objects.filter(pk__in=held, error="").order_by("pk"):
        reads = set(upkeep.reads)
        if hows := {pk: min(hit) for pk, kinds in touched.items() if (hit := kinds & reads)}:
            with told(upkeep):
                looks.at_people(upkeep, hows)


def settle_for(seconds: float) -> int:
    """Look at those who are touched until nobody is left or the time is up; how many touches that were."""
    until, done, limit = monotonic() + seconds, 0, BATCH
    while monotonic() < until:
        began = monotonic()
        taken = settle_touches(limit=limit)
        took, done = monotonic() - began, done + taken
        if taken < limit:
            break
        limit = max(limit // 2, 50) if took > LONG else min(limit * 2, _MOST) if took < QUICK else limit
    return done
