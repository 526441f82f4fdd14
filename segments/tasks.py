"""Celery entrances of segments: a doorbell, ids in, one call down."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from segments.models import Metric
from segments.selectors.imports import waiting_imports
from segments.services import (
    bulk,
    membership_logs,
    membership_passes,
    memberships,
    promotions,
    quarantine,
    repairs,
    rfm,
    upkeep,
)
from segments.services.imports import carry_on, forget_files
from segments.services.rollups import catch_up, lagging

FILES_KEPT = timedelta(days=30)


@shared_task(name="segments.carry_on_import")
def carry_on_import(import_id: int) -> None:
    """Stage and check an import, or write it."""
    carry_on(import_id, at=timezone.now())


@shared_task(name="segments.tick")
def tick() -> None:
    """Each second: ring for imports that wait for work, or whose worker died."""
    for import_id in waiting_imports(at=timezone.now()):
        carry_on_import.apply_async((import_id,), queue="work", expires=5)


@shared_task(name="segments.carry_on_job")
def carry_on_job(job_id: int) -> None:
    """Go on with a bulk job."""
    bulk.carry_on(job_id, at=timezone.now())


@shared_task(name="segments.tick_jobs")
def tick_jobs() -> None:
    """Each second: ring for bulk jobs that wait for work, or whose worker died."""
    for job_id in bulk.waiting_jobs(at=timezone.now()):
        carry_on_job.apply_async((job_id,), queue="work", expires=5)


@shared_task(name="segments.repair_events")
def repair_events() -> None:
    """Each second: replay and drop what somebody asked for in quarantine."""
    repairs.carry_out_asked(at=timezone.now(), seconds=5)


@shared_task(name="segments.forget_targets")
def forget_targets() -> None:
    bulk.forget_targets(before=timezone.now() - bulk.KEPT)


@shared_task(name="segments.forget_import_files")
def forget_import_files() -> None:
    forget_files(before=timezone.now() - FILES_KEPT)


@shared_task(name="segments.count_backlog")
def count_backlog(metric_id: int) -> None:
    """Count what was in the log before a metric, a stretch a transaction, for as long as a tick's patience."""
    metric, until = Metric.objects.get(pk=metric_id), timezone.now() + timedelta(seconds=5)
    while catch_up(metric) and timezone.now() < until:
        pass


@shared_task(name="segments.tick_metrics")
def tick_metrics() -> None:
    """Ring for metrics that have yet to count what was there before them."""
    for metric in lagging():
        count_backlog.apply_async((metric.pk,), queue="work", expires=5)


@shared_task(name="segments.take_rfm_snapshot")
def take_rfm_snapshot() -> None:
    """Score all buyers, or go on where the last worker left it."""
    rfm.take(at=timezone.now())


@shared_task(name="segments.tick_rfm")
def tick_rfm() -> None:
    """Ring for the night's snapshot."""
    if rfm.is_due(timezone.now()):
        take_rfm_snapshot.apply_async(queue="work", expires=600)


@shared_task(name="segments.promote")
def promote() -> None:
    """Build and drop the indexes of attributes that were asked for."""
    promotions.carry_on(at=timezone.now())


@shared_task(name="segments.tick_promotions")
def tick_promotions() -> None:
    """Ring when an index waits, or its builder died."""
    if promotions.is_anything_open():
        promote.apply_async(queue="work", expires=10)


@shared_task(name="segments.forget_quarantined")
def forget_quarantined() -> None:
    quarantine.forget(before=timezone.now() - timedelta(days=settings.QUARANTINE_DAYS))


@shared_task(name="segments.forget_changes")
def forget_changes() -> None:
    if settings.MEMBERSHIP_LOG_DAYS:
        membership_logs.forget_changes(days=settings.MEMBERSHIP_LOG_DAYS)


@shared_task(name="segments.tick_memberships")
def tick_memberships() -> None:
    """Each second: look at those about whom something changed, and ring for passes over everybody."""
    upkeep.plan(at=timezone.now())
    membership_logs.follow_logs()
    memberships.settle_for(1.0)
    for segment_id in membership_passes.waiting(at=timezone.now()):
        refresh_segment.apply_async((segment_id,), queue="work", expires=2)


@shared_task(name="segments.refresh_segment")
def refresh_segment(segment_id: int) -> None:
    """Go on with a pass for one slice; the next tick rings again when somebody is left."""
    until = timezone.now() + timedelta(seconds=10)
    while membership_passes.pass_next(segment_id, at=timezone.now()) and timezone.now() < until:
        pass
