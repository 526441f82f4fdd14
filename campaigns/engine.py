"""What happens next: launches what is due, takes people from step to step, and ends what is over.

Everything here finds its work in rows, may run twice at once, and may be killed anywhere (promise 4).
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from campaigns import enrolments, scheduling, selectors, services
from campaigns.models import Campaign, Run, Step
from campaigns.steps.base import Batch, step_types
from config.lib.errors import DomainError

log = structlog.get_logger(__name__)

BATCH = 10_000  # people a transaction: well below 2 s (DESIGN 3, counting)
CANCELLED = "cancelled"


@dataclass(frozen=True)
class Work:
    """What takes longer than a tick: runs to freeze, runs to close, and whether somebody is due."""

    freezes: Sequence[int]
    closings: Sequence[int]
    due: bool


def tick(*, at: datetime) -> Work:
    """The short things, each second: launch what is due, end what is over, and say what else there is to do."""
    launch_due(at=at)
    end_runs(at=at)
    return Work(selectors.runs_to_freeze(), selectors.runs_to_close(), bool(enrolments.rows("due", at=at)))


def launch_due(*, at: datetime) -> None:
    """Launch each schedule whose time has come, or hold it for a person with the reason."""
    for campaign in selectors.due_schedules(at=at):
        try:
            _launch_or_hold(campaign, at)
        except Exception:  # one that cannot even be held does not stop the others
            log.exception("schedule_failed", campaign=campaign.pk)


def launch_on_time(*, within: timedelta) -> None:
    """Launch what falls due before the next tick at its very time."""
    now = timezone.now()
    for due in selectors.schedules_between(now, now + within):
        time.sleep(max(0.0, (due - timezone.now()).total_seconds()))
        launch_due(at=max(due, timezone.now()))


def advance(*, at: datetime, seconds: float) -> int:
    """Take the people who are due to their next step, batch by batch, for at most so long; returns how many.

    The runs take turns, so that a large one does not keep the others waiting.
    """
    deadline = time.monotonic() + seconds
    total = 0
    while groups := enrolments.rows("due", at=at):
        moved = 0
        for run_id, step_id in groups:
            moved += _advance_batch(run_id, step_id, at)
            if time.monotonic() > deadline:
                return total + moved
        if not moved:  # all of them are in the hands of other workers
            return total
        total += moved
    return total


def close(run_id: int) -> int:
    """Let who still waits in a cancelled run leave; returns how many did."""
    run = Run.objects.get(pk=run_id)
    total = 0
    while run.state == Run.State.CLOSING:
        gone = enrolments.count("exit", run=run.pk, campaign=run.campaign_id, outcome=CANCELLED, limit=BATCH)
        if not gone:
            break
        total += gone
    return total


def end_runs(*, at: datetime) -> None:
    """End each run in which nobody waits and no message may still go out."""
    for run in selectors.live_runs():
        if selectors.is_over(run):
            services.end(run, at=at)


def _launch_or_hold(campaign: Campaign, at: datetime) -> None:
    assert campaign.scheduled_at is not None  # campaign_scheduled_has_a_time
    if campaign.late_policy == Campaign.LatePolicy.HOLD and scheduling.is_late(
        campaign.scheduled_at, after_minutes=campaign.late_after_minutes, at=at
    ):
        late = scheduling.lateness(campaign.scheduled_at, at=at)
        reason = f"It was found {late} late, more than the {campaign.late_after_minutes} min that are allowed."
        services.hold(campaign, reason=reason)
        return
    try:
        services.launch(campaign, by=None, at=at)
    except DomainError as error:  # held only if it still is a schedule that is due
        services.hold(campaign, reason=f"It could not be launched at its time: {error.detail}")


def _advance_batch(run_id: int, step_id: int, at: datetime) -> int:
    """Decide for one batch of one step; all that comes of it is one transaction."""
    with transaction.atomic():
        claimed = enrolments.rows("claim", run=run_id, step=step_id, at=at, limit=BATCH)
        if not claimed:
            return 0
        run = Run.objects.get(pk=run_id)
        steps = {step.key: step for step in Step.objects.filter(version=run.version_id)}
        step = next(step for step in steps.values() if step.pk == step_id)
        batch = Batch(run, step, [contact_id for (contact_id,) in claimed], at)
        decided = step_types.get(step.kind)().decide(batch)
        _check_is_partition(batch, decided)
        for outcome, contact_ids in decided.items():
            following = steps.get(step.next.get(outcome, ""))
            enrolments.count(
                "advance", run=run.pk, campaign=run.campaign_id, step=step.pk, contacts=list(contact_ids),
                next=following and following.pk, outcome=outcome, at=at,
            )  # fmt: skip
    return len(claimed)


def _check_is_partition(batch: Batch, decided: Mapping[str, Sequence[int]]) -> None:
    """A step type that forgets or doubles somebody would break promise 2 in silence."""
    if Counter(batch.contact_ids) != Counter(contact for contacts in decided.values() for contact in contacts):
        raise AssertionError(f"{batch.step.kind}: each contact of a batch must have exactly one outcome")
