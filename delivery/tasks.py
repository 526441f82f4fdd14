"""Celery entrances of delivery: a doorbell, ids in, one call down."""

import os
import threading
import time
from contextlib import suppress
from datetime import timedelta

from celery import current_app, shared_task
from celery.signals import worker_process_init
from django.conf import settings
from django.db import connection
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from delivery import ledger, pipeline
from delivery.models import Lane
from delivery.services import throttles, unknowns
from delivery.throttle import looking_up
from delivery.tracking import judging

# Short slices let a worker stop within a deploy's patience and make room for other work of its queue.
SLICE_S = 5.0
LOOK_AGAIN_S = 0.05
BULK_NICENESS = 10
# Beyond the longest that a slice can take (its last batch, the answers of its last group, writing them down), the
# process hangs over a message: it is killed, and its death counted (delivery/sql/ledger.sql, release_claimed).
HUNG_AFTER_S = SLICE_S + 3 * settings.SEND_LEASE_S


@shared_task(name="delivery.send", time_limit=HUNG_AFTER_S, soft_time_limit=0)
def send(lane: str) -> None:
    """Send what is due in a lane for one slice, and ring again when something is left."""
    if lane == Lane.BULK:
        _step_back()
    # somebody waits for these: between the bells of each second their worker looks by itself
    look_again_s = None if lane == Lane.BULK else LOOK_AGAIN_S
    if pipeline.work_lane(lane, seconds=SLICE_S, look_again_s=look_again_s):
        send.apply_async((lane,), queue=lane, expires=60)


@worker_process_init.connect
def ring_at_once(**kwargs: object) -> None:
    """A new process may stand in for one that died with its bell, so it rings for itself, beside its own beginning.

    Ten deaths over two poisoned messages made the others some 6 % later while the next tick was waited for, now 2 %.
    """
    threading.Thread(target=_ring, daemon=True).start()  # a Redis that hangs must not keep a process from beginning


def _ring() -> None:
    with suppress(KombuError, RedisError):  # without Redis nobody hears it; the ticks go on
        for lane in current_app.amqp.queues.consume_from.keys() & set(Lane.values):
            send.apply_async((lane,), queue=lane, expires=60, retry=False)


def _step_back() -> None:
    """A broadcast takes what the other processes leave: with all cores busy, what somebody waits for goes first."""
    if (behind := BULK_NICENESS - os.nice(0)) > 0:
        os.nice(behind)


@shared_task(name="delivery.reconcile")
def reconcile() -> None:
    """Each minute: ask providers what became of the messages of which nobody knows."""
    unknowns.reconcile()


@shared_task(name="delivery.sweep")
def sweep() -> None:
    ledger.sweep()


@shared_task(name="delivery.judge")
def judge() -> None:
    """Rule on what was opened and clicked, for a second: other ticks wait for the same worker."""
    end = time.monotonic() + 1
    while judging.judge(at=timezone.now()) == judging.CHUNK and time.monotonic() < end:
        pass


@shared_task(name="delivery.forget_agents")
def forget_agents() -> None:
    judging.forget_agents(before=timezone.now() - timedelta(days=settings.TRACKING_AGENT_DAYS))


@shared_task(name="delivery.forget_tallies")
def forget_tallies() -> None:
    ledger.forget_tallies()


@shared_task(name="delivery.ensure_partitions")
def ensure_partitions() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_log_partitions(2)")


@shared_task(name="delivery.look_up_domains")
def look_up_domains() -> None:
    looking_up.look_up_domains(at=timezone.now())


@shared_task(name="delivery.wake_raised")
def wake_raised() -> None:
    with suppress(RedisError):  # nothing goes out that has a limit: nothing to bring forward
        throttles.wake_raised()
