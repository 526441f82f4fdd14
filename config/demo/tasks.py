"""Celery entrance."""

from celery import shared_task

from config.demo import content, readers
from config.demo.loading import PEOPLE


@shared_task(name="config.load_demo")
def load_demo() -> None:
    if content.set_up(PEOPLE):
        readers.read_some()
