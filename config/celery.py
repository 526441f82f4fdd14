"""Celery: a doorbell. Every task is a few lines, takes ids, and may be lost, doubled or late (promise 4)."""

import os
from datetime import UTC, datetime

from celery import Celery
from celery.signals import worker_process_init

from config.lib import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("postrider")
app.config_from_object("config.celery_settings")
app.autodiscover_tasks()
app.autodiscover_tasks(["config.demo"])

HEARTBEAT_KEY = "postrider:heartbeat"


@worker_process_init.connect
def settle_in(**kwargs: object) -> None:
    garbage.settle_in()


@app.task(name="config.heartbeat")
def heartbeat() -> None:
    """Proof that beat, broker and a worker pass work along; read by doctor. Its loss in Redis is harmless."""
    import redis
    from django.conf import settings

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set(HEARTBEAT_KEY, datetime.now(UTC).isoformat())
