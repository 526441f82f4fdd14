"""The audience of a run, frozen over one snapshot in chunks that commit by themselves.

One worker freezes a run: it holds a lease, and the lease is asked for again in the transaction of every chunk.
When it dies, the next one takes the run up after the lease, removes what was frozen and begins anew
from a fresh snapshot: two halves of two moments would be no audience. Nobody is sent anything before it is whole.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from campaigns import enrolments, selectors, services
from campaigns.errors import IllegalMove, LeaseLost
from campaigns.models import Run
from config.lib.errors import DomainError
from config.lib.snapshots import key_chunks

CHUNK = 20_000  # about half a second of writing: no transaction of ours lasts 2 s (DESIGN 3, counting)
LEASE_S = 60
TRIES = 3

log = structlog.get_logger(__name__)


class _Freeze:
    """One worker's hold on one run."""

    def __init__(self, run: Run, lease: datetime, step_id: int) -> None:
        self.run = run
        self.lease = lease
        self.step_id = step_id

    def clear(self) -> None:
        """Remove what an earlier worker left."""
        cleared = CHUNK
        while cleared == CHUNK:
            with transaction.atomic():
                cleared = enrolments.count("clear", **self._names(), limit=CHUNK)
                self._keep(-cleared)

    def enrol(self, contact_ids: Sequence[int]) -> None:
        with transaction.atomic():
            enrolments.count(
                "enrol", **self._names(), step=self.step_id, contacts=contact_ids, due_at=self.run.started_at
            )
            self._keep(len(contact_ids))

    def finish(self, at: datetime) -> None:
        ours = Run.objects.filter(pk=self.run.pk, state=Run.State.FREEZING, lease_until=self.lease)
        if not ours.update(state=Run.State.RUNNING, lease_until=None, frozen_at=at):
            raise LeaseLost

    def broke_off(self, error: Exception) -> None:
        """The database, or a defect of ours: tried again when the lease is over, and shown when that does not help."""
        log.error("freeze_failed", run=self.run.pk, campaign=self.run.campaign_id, exc_info=error)
        ours = Run.objects.filter(pk=self.run.pk, lease_until=self.lease)
        if ours.update(failures=F("failures") + 1) and ours.filter(failures__gte=TRIES).exists():
            self.give_up(f"it broke off {TRIES} times, the last time by {type(error).__name__}. The log says more.")

    def give_up(self, reason: str) -> None:
        """The audience cannot be worked out: a person has to mend it, and resumes the campaign."""
        with suppress(IllegalMove):  # it is paused already, or over
            services.pause(self.run.campaign, by=None, reason=f"Its audience could not be frozen: {reason}")
        Run.objects.filter(pk=self.run.pk, lease_until=self.lease).update(lease_until=None, failures=0)

    def _names(self) -> dict[str, int]:
        return {"run": self.run.pk, "campaign": self.run.campaign_id}

    def _keep(self, added: int) -> None:
        lease = enrolments.rows("keep_lease", run=self.run.pk, held=self.lease, added=added, lease_s=LEASE_S)
        if not lease:
            raise LeaseLost
        ((self.lease,),) = lease


def freeze(run_id: int) -> bool:
    """Freeze the audience of a run; true when it is whole by this call, false when it is not ours to freeze."""
    lease = enrolments.rows("take_lease", run=run_id, lease_s=LEASE_S)
    if not lease:
        return False
    run = Run.objects.select_related("campaign", "version").get(pk=run_id)
    work = _Freeze(run, lease[0][0], selectors.entry_step(run.version).pk)
    try:
        work.clear()
        for contact_ids in key_chunks(selectors.audience_of(run.campaign), CHUNK):
            work.enrol(contact_ids)
        work.finish(timezone.now())
    except LeaseLost:
        return False
    except DomainError as error:
        work.give_up(error.detail)
        return False
    except Exception as error:
        work.broke_off(error)
        return False
    return True
