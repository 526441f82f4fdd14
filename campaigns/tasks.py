"""Celery entrances of campaigns: a doorbell, ids in, one call down."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from campaigns import engine, freezing, guarding, services

# Ring only for as long as the next ticks will not ring again.
_EXPIRES_S = 5
_SLICE_S = 10.0
_TICK = timedelta(seconds=1.5)  # a little more than beat's second


@shared_task(name="campaigns.tick")
def tick() -> None:
    """Each second: launch, end, and ring for what takes longer."""
    work = engine.tick(at=timezone.now())
    for run_id in work.freezes:
        freeze.apply_async((run_id,), expires=_EXPIRES_S)
    for run_id in work.closings:
        close.apply_async((run_id,), expires=_EXPIRES_S)
    if work.due:
        advance.apply_async(expires=_EXPIRES_S)
    engine.launch_on_time(within=_TICK)


@shared_task(name="campaigns.guard")
def guard() -> None:
    """Every few seconds: pause what goes wrong."""
    guarding.guard(at=timezone.now())


@shared_task(name="campaigns.freeze")
def freeze(run_id: int) -> None:
    """Freeze the audience of a run, and go on with it at once."""
    if freezing.freeze(run_id):
        advance.apply_async(expires=_EXPIRES_S)


@shared_task(name="campaigns.advance")
def advance() -> None:
    """Take who is due to their next step for one slice; the next tick rings again when somebody is left."""
    engine.advance(at=timezone.now(), seconds=_SLICE_S)


@shared_task(name="campaigns.close")
def close(run_id: int) -> None:
    engine.close(run_id)


@shared_task(name="campaigns.recompute_schedules")
def recompute_schedules() -> None:
    """Hourly: an update of the time zones' rules moves the schedules that it concerns."""
    services.recompute_schedules(at=timezone.now())
