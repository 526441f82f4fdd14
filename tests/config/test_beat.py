"""Beat rings whatever is done to the clock."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.beat import Scheduler
from config.celery import app
from tests.conftest import CommittedDb
from tests.support.waiting import PATIENCE_S

NAMES = {"one", "two", "three"}


class Recording(Scheduler):
    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        rung.append(entry.name)


rung: list[str] = []


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=1), timedelta(days=30)])
def test_a_clock_set_back_does_not_silence_beat(committed_db: CommittedDb, ahead: timedelta) -> None:
    interval = IntervalSchedule.objects.create(every=1, period="seconds")
    last = datetime.now(UTC) + ahead - timedelta(seconds=2)
    for name in NAMES:
        PeriodicTask.objects.create(name=name, task="config.heartbeat", interval=interval, last_run_at=last)
    rung.clear()
    scheduler = Recording(app=app, lazy=True)
    deadline = datetime.now(UTC) + timedelta(seconds=PATIENCE_S)
    while not set(rung) >= NAMES and datetime.now(UTC) < deadline:
        scheduler.tick()
    scheduler._dirty.clear()  # else it writes them at the end of the process, when the database is gone
    assert set(rung) >= NAMES


def test_beat_rests_until_something_is_due(committed_db: CommittedDb) -> None:
    """It is always told for how long; Celery's asks again without a rest for the last 10 ms before each ring."""
    interval = IntervalSchedule.objects.create(every=1, period="seconds")
    PeriodicTask.objects.create(name="one", task="config.heartbeat", interval=interval)
    rung.clear()
    scheduler = Recording(app=app, lazy=True)
    waits: list[float] = []
    while rung.count("one") < 3:
        waits.append(scheduler.tick())
        assert len(waits) < 100
        time.sleep(waits[-1])
    scheduler._dirty.clear()
    assert min(waits) >= 0
