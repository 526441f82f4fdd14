"""What processes that work through batches ask of Python's garbage collector."""

import subprocess
import sys

from celery.signals import worker_process_init
from django.conf import settings

from config.celery import settle_in

_TELL = """
import gc
from config.lib.garbage import settle_in
settle_in()
print(gc.get_freeze_count(), gc.isenabled(), len(gc.get_objects()))
"""


def test_what_a_process_has_loaded_is_not_looked_through_again() -> None:
    told = subprocess.run([sys.executable, "-c", _TELL], cwd=settings.BASE_DIR, capture_output=True, check=True)
    frozen, enabled, looked_through = told.stdout.decode().split()
    assert enabled == "True"
    assert int(looked_through) < int(frozen) / 10


def test_each_process_of_a_worker_begins_so() -> None:
    assert settle_in in [receiver() for _, receiver in worker_process_init.receivers]
