"""Celery entrances of analytics: a doorbell, one call down."""

from celery import shared_task
from django.utils import timezone

from analytics import services

# What is left over is the next tick's; the queue is for everybody's short work.
_SLICE_S = 1.0


@shared_task(name="analytics.count")
def count() -> None:
    """Each second: count what the log has since."""
    services.count(seconds=_SLICE_S)


@shared_task(name="analytics.check_freshness")
def check_freshness() -> None:
    services.check_freshness(at=timezone.now())
