"""Logs of the floors above that tell of people: followed from a mark, where a trigger would slow their writers down.

And the log of entries and exits, which retention makes shorter.
"""

from django.db import transaction

from segments.models import SegmentUpkeep, TailMark
from segments.services.membership_rows import hold, row, run
from segments.watches import WATCHES

_CHUNK = 20_000


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
            hold(watches=[kind])
            run("all_due", watches=[kind], how=kind)
        found = row("tail", {"log": log, "which": which}, xid=mark.xid, row=mark.row, limit=_CHUNK, watch=kind)
        mark.xid, mark.row = found or (mark.xid, mark.row)
        mark.save()
    return found is not None


def forget_changes(*, days: int) -> int:
    """Drop the months of entries and exits that are over for so many days, 31 at least; how many months.

    None while somebody reads the log for long: they are found again.
    """
    return int(row("forget_changes", days=days)[0])
