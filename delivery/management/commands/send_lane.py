"""`manage.py send_lane bulk`: work a lane in this process, without Celery, until stopped or until nothing is due."""

import faulthandler
import json
import signal
import sys
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from config.lib import garbage
from config.lib.bench import peak_rss_mb
from delivery import ledger, pipeline
from delivery.models import Lane
from delivery.tasks import HUNG_AFTER_S


class Command(BaseCommand):
    help = "Work a lane in this process, without Celery: until stopped, or with --drain until nothing is due."

    stopping = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lane", choices=Lane.values)
        parser.add_argument("--drain", action="store_true", help="end when nothing is due")
        parser.add_argument(
            "--report", action="store_true", help="at the end, print seconds by stage and memory as JSON"
        )

    def handle(self, *args: Any, lane: str, drain: bool, report: bool, **options: Any) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        garbage.settle_in()
        began_at = time.monotonic()  # one clock for all processes of a machine
        cpu_s = time.process_time()
        self._work(lane, drain)
        if report:
            figures = {
                "began_at": began_at, "ended_at": time.monotonic(), "cpu_s": time.process_time() - cpu_s,
                "rss_mb": peak_rss_mb(),
            }  # fmt: skip
            self.stdout.write(json.dumps({"seconds": pipeline.stages.seconds, **figures}))

    def _work(self, lane: str, drain: bool) -> None:
        while not self.stopping:
            try:
                # ends this process when it hangs over a message, whatever it hangs in: its death is counted
                faulthandler.dump_traceback_later(HUNG_AFTER_S, exit=True, file=sys.__stderr__ or sys.stderr)
                more = pipeline.work_lane(lane, seconds=1.0)
                faulthandler.cancel_dump_traceback_later()
                ledger.sweep()
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database is away ({type(error).__name__}); trying again.")
                connection.close()
                more = False
                time.sleep(0.2)
            if not more and drain:
                return
            if not more:
                time.sleep(0.2)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
