"""A worker that hangs over a message is ended, and its death counted (STANDARDS B11.2)."""

import os
import subprocess
import sys

from delivery.models import Message, ProviderAccount
from tests.conftest import CommittedDb
from tests.factories.delivery import make_order, make_people, plan
from tests.support.waiting import PATIENCE_S

# Deaf to Python's own signals, as an endless loop in C is: only what needs no Python ends it.
_HANGS = """
import django; django.setup()
import ctypes
from django.core.management import call_command
from delivery.preparing import Loaded
Loaded.demand = lambda self: ctypes.PyDLL(None).sleep(3600)
call_command("send_lane", "bulk")
"""


def test_a_worker_that_hangs_over_a_message_is_ended(committed_db: CommittedDb) -> None:
    ProviderAccount.objects.create(name="nowhere", kind="smtp", config={"host": "127.0.0.1", "port": 9})
    plan(make_order(), make_people(2))
    leases = {"SEND_BEGIN_WINDOW_S": "0.1", "SEND_REPLY_TIMEOUT_S": "0.1", "SEND_LEASE_S": "0.3"}
    worker = subprocess.run(
        [sys.executable, "-c", _HANGS], env={**os.environ, **committed_db.env, **leases},
        stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert worker.returncode == 1
    assert "Timeout" in worker.stderr
    assert set(Message.objects.values_list("state", flat=True)) == {"claimed"}
