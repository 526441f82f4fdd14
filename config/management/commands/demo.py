"""Everything up with demo data until Ctrl-C; with --check, the whole way once, with sums that must close."""

import json
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import running, scratch
from config.demo import content, readers
from config.demo.check import check as run_check


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="in a deployment of its own; prints one JSON line last"
        )
        parser.add_argument("--contacts", type=int, default=2_000, help="how many people the CSV has")
        parser.add_argument("--port", type=int, help="of the web server (8000, or a free one when that is taken)")
        parser.add_argument("--here", action="store_true", help="check this deployment itself, whose data it adds to")

    def handle(self, *args: Any, check: bool, contacts: int, port: int | None, here: bool, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo does not run in production.")
        if not check:
            self._demo(contacts, port)
        elif here:
            self._check(contacts, port)
        else:
            asked = [f"--port={port}"] if port else []
            sys.exit(scratch.rerun(["demo", "--check", "--here", f"--contacts={contacts}", *asked]))

    def _demo(self, contacts: int, port: int | None) -> None:
        with running.ended_by_signal(), running.site(port=port) as site:
            is_new = content.set_up(contacts)
            name, password = content.login()
            self.stdout.write(
                f"\nPostrider is at {site.address}/  name: {name}  password: {password}\n"
                f"The local mailbox is at {site.address}/mailbox/\n"
                "Ctrl-C stops everything that was started here.\n"
            )
            if is_new:
                readers.read_some()
            signal.pause()

    def _check(self, contacts: int, port: int | None) -> None:
        figures = run_check(contacts, self.stdout.write, port=port)
        self.stdout.write(json.dumps(figures))
        if not figures["closes"]:
            raise CommandError("The sums do not close.")
