"""Start, stop, show or remove (with all their data) the embedded Postgres and Redis of this checkout."""

import shutil
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config import services


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "remove"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        wanted = services.wanted()
        for name, service in wanted.items():
            if action == "start":
                service.ensure()
            elif action == "stop":
                service.stop()
            elif action == "remove":
                service.remove()
            self.stdout.write(f"{name:<9} {'running' if service.running() else 'stopped'}  {service.home}")
        for name, variable in (("postgres", "DATABASE_URL"), ("redis", "REDIS_URL")):
            if name not in wanted:
                self.stdout.write(f"{name:<9} not ours  {variable} is set")
        if action == "remove":
            shutil.rmtree(settings.STATE_DIR, ignore_errors=True)
        if action == "status" and not all(service.running() for service in wanted.values()):
            sys.exit(3)  # as `pg_ctl status` and init scripts do
