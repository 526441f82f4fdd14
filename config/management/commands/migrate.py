"""`migrate` as the owner role, and the month partitions of the logs ahead of their time."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

MONTHS_AHEAD = 3
_ONE_AT_A_TIME = 0x9057  # advisory lock of the database that is migrated


class Command(migrate.Command):
    """Django's own command on the connection that may change tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] != "owner":
            super().handle(*args, **options)
            return
        with connections["owner"].cursor() as cursor:  # of two first starts at once, one waits for the other
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
            try:
                self._migrate(*args, **options)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])

    def _migrate(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["plan"] or options["check_unapplied"]:
            return
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT to_regproc('ensure_log_partitions') IS NOT NULL")
            if cursor.fetchone()[0]:
                cursor.execute("SELECT ensure_log_partitions(%s)", [MONTHS_AHEAD])
