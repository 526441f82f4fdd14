"""Celery entrances of segments: a doorbell, ids in, one call down."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from segments.selectors.imports import waiting_imports
from segments.services.imports import carry_on, forget_files

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


@shared_task(name="segments.forget_import_files")
def forget_import_files() -> None:
    forget_files(before=timezone.now() - FILES_KEPT)
