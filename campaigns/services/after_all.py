"""What ended badly and is sent after all, or given up for good: dead letters and unknowns, in chunks that commit each.

Whatever goes out again passes the whole recipe again: the gate decides anew about suppressions and expiry.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign
from campaigns.services import lifecycle
from delivery import dispositions
from delivery.dispositions import Choice, Unknowns

PATIENCE_S = 10.0
Note = Callable[[int], object]


@dataclass(frozen=True)
class Done:
    """How many messages it was done to; `more`: the time was over before all of them were."""

    count: int
    more: bool


def replay(campaign: Campaign, choice: Choice, *, by: User | None, note: Note) -> Done:
    """Make dead letters ready again. `note` writes down each chunk, by its size, in its transaction.

    Raises IllegalMove when the campaign was cancelled or is archived.
    """
    return _again(campaign, lambda: dispositions.replay(choice, by_id=by.pk if by else None), by, note)


def send_again(campaign: Campaign, unknowns: Unknowns, *, by: User | None, note: Note) -> Done:
    """Send what nobody knows of (again): who got it gets it twice. Raises as `replay` does."""
    return _again(campaign, lambda: dispositions.send_again(unknowns), by, note)


def drop(choice: Choice, *, by: User | None, note: Note) -> Done:
    """Leave dead letters failed and take them off the list."""
    return _in_chunks(lambda: dispositions.drop(choice, by_id=by.pk if by else None), note)


def mark_sent(unknowns: Unknowns, *, note: Note) -> Done:
    """Let what nobody knows of count as sent."""
    return _in_chunks(lambda: dispositions.mark_sent(unknowns), note)


def _again(campaign: Campaign, chunk: Callable[[], int], by: User | None, note: Note) -> Done:
    def under_an_open_order() -> int:
        lifecycle.let_go_on(campaign, by=by)
        return chunk()

    done = _in_chunks(under_an_open_order, note)
    campaign.refresh_from_db(fields=["state", "completed_at", "updated_at"])
    return done


def _in_chunks(chunk: Callable[[], int], note: Note) -> Done:
    """Until none is left or the patience of whoever asked is over; a chunk of nothing leaves nothing."""
    end, total = time.monotonic() + PATIENCE_S, 0
    while True:
        with transaction.atomic():
            if count := chunk():
                note(count)
            else:
                transaction.set_rollback(True)
        total += count
        if not count or time.monotonic() > end:
            return Done(total, more=bool(count))
