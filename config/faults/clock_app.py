"""The wall clock of this process follows a file: seconds by which it is wrong, read a few times a second.

time-machine replaces what Python reads the time by; the monotonic clock goes on, as it does when a clock is set.
"""

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from django.apps import AppConfig

FILE = "AFFLICTION_CLOCK"
_EVERY_S = 0.2


class ClockConfig(AppConfig):
    name = "config.faults"
    label = "faults"

    def ready(self) -> None:
        os.register_at_fork(after_in_child=_follow)  # threads do not survive a fork, and Celery forks
        _follow()


def _follow() -> None:
    threading.Thread(target=_run, args=[Path(os.environ[FILE])], daemon=True).start()


def _run(file: Path) -> None:
    import time_machine

    wrong = 0.0
    clock = time_machine.travel(datetime.now(UTC), tick=True).start()
    while True:
        wanted = float(file.read_text() or wrong)
        if wanted != wrong:
            clock.shift(wanted - wrong)
            wrong = wanted
        time.sleep(_EVERY_S)
