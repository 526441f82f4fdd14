"""`migrate` as the owner role, and the month partitions of the logs ahead of their time."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

MONTHS_AHEAD = 3


class Command(migrate.Command):
    """Django's own command on the connection that may change tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["database"] != "owner" or options["plan"] or options["check_unapplied"]:
            return
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT to_regproc('ensure_log_partitions') IS NOT NULL")
            if cursor.fetchone()[0]:
                cursor.execute("SELECT ensure_log_partitions(%s)", [MONTHS_AHEAD])
