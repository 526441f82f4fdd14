"""Celery: a doorbell. Every task is a few lines, takes ids, and may be lost, doubled or late (promise 4)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("postrider")
app.config_from_object("config.celery_settings")
app.autodiscover_tasks()
