"""Celery entrance."""

from celery import shared_task

from config.demo import content
from config.demo.loading import PEOPLE


@shared_task(name="config.load_demo")
def load_demo() -> None:
    content.set_up(PEOPLE)
