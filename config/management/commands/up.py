"""Run everything of this deployment until Ctrl-C: web, workers of each lane, beat, mailbox."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import running


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="of the web server (8000, or a free one when that is taken)")
        parser.add_argument("--bulk", type=int, help="worker processes of the bulk lane (the number of cores)")

    def handle(self, *args: Any, port: int | None, bulk: int | None, **options: Any) -> None:
        with running.ended_by_signal(), running.site(port=port, bulk=bulk) as site:
            self.stdout.write(f"Postrider answers at {site.address} (Ctrl-C stops it)")
            signal.pause()
