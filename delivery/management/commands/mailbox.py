"""The local mailbox's SMTP server."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from delivery.mailbox.server import PortTaken, serve
from delivery.mailbox.store import Mailbox


class Command(BaseCommand):
    help = "Run the SMTP server of the local mailbox until Ctrl-C. Its mails are read at /mailbox/."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = settings.MAILBOX_HOST, settings.MAILBOX_PORT
        try:
            asyncio.run(serve(Mailbox(settings.MAILBOX_DIR), host, port, ready=self._say_where))
        except PortTaken as error:
            raise CommandError(error.detail) from None
        except KeyboardInterrupt:
            self.stdout.write("The mailbox has stopped.")

    def _say_where(self, port: int) -> None:
        self.stdout.write(f"The mailbox takes mail on {settings.MAILBOX_HOST}:{port}.")
        self.stdout.flush()
