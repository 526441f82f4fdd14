"""Celery entrances of analytics: a doorbell, one call down."""

from celery import shared_task
from django.utils import timezone

from analytics import exports, services

# What is left over is the next tick's; the queue is for everybody's short work.
_SLICE_S = 1.0


@shared_task(name="analytics.count")
def count() -> None:
    """Each second: count what the log has since."""
    services.count(seconds=_SLICE_S)


@shared_task(name="analytics.check_freshness")
def check_freshness() -> None:
    services.check_freshness(at=timezone.now())


@shared_task(name="analytics.carry_out_export")
def carry_out_export(export_id: int) -> None:
    """Write the file of an export."""
    exports.carry_out(export_id, at=timezone.now())


@shared_task(name="analytics.tick_exports")
def tick_exports() -> None:
    """Each second: ring for exports that wait for a worker, or whose worker died."""
    for export_id in exports.waiting(at=timezone.now()):
        carry_out_export.apply_async((export_id,), queue="work", expires=5)


@shared_task(name="analytics.forget_export_files")
def forget_export_files() -> None:
    """Now and then: delete the files that were kept long enough."""
    exports.forget_files(at=timezone.now())
