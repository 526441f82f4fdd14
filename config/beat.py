"""Beat that a clock does not silence: Celery's asks when it last rang, and waits for that moment to come again."""

from datetime import timedelta
from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler

_SLACK = timedelta(seconds=5)
_NAP_S = 0.01


class Scheduler(DatabaseScheduler):
    """A clock set back by a month would else stop everything for a month (manage.py faults clock-steps)."""

    def tick(self, *args: Any, **options: Any) -> float:
        """What rang in what is now the future has rung just now."""
        now = self.app.now()
        ahead = [one for one in self.schedule.values() if one.last_run_at and one.last_run_at > now + _SLACK]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None  # its order is by the same clock
        wait = float(super().tick(*args, **options))
        # Celery looks 10 ms ahead of time, sees that it is too soon, and asks again at once until it is not
        return wait if wait >= 0 else _NAP_S
