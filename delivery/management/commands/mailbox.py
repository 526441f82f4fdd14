"""The local mailbox's SMTP server."""

import asyncio
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from delivery.mailbox.server import PortTaken, serve
from delivery.mailbox.store import Mailbox


class Command(BaseCommand):
    help = "Run the SMTP server of the local mailbox until Ctrl-C. Its mails are read at /mailbox/."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fd", type=int, help="of a socket that listens already, instead of MAILBOX_PORT")

    def handle(self, *args: Any, fd: int | None, **options: Any) -> None:
        host, port = settings.MAILBOX_HOST, settings.MAILBOX_PORT
        place = None if fd is None else socket.socket(fileno=fd)
        try:
            asyncio.run(serve(Mailbox(settings.MAILBOX_DIR), host, port, ready=self._say_where, place=place))
        except PortTaken as error:
            raise CommandError(error.detail) from None
        except KeyboardInterrupt:
            self.stdout.write("The mailbox has stopped.")

    def _say_where(self, port: int) -> None:
        self.stdout.write(f"The mailbox takes mail on {settings.MAILBOX_HOST}:{port}.")
        self.stdout.flush()
