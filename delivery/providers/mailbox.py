"""The local mailbox: a real SMTP server of this deployment, where mails can be read on a page and go no further."""

from dataclasses import dataclass

from django.conf import settings

from delivery.providers.smtp import Smtp
from delivery.smtp import Config


@dataclass(frozen=True)
class MailboxConfig(Config):
    """The server's own settings say where the mailbox is."""

    host: str = settings.MAILBOX_HOST
    port: int = settings.MAILBOX_PORT
    connections: int = 2


class LocalMailbox(Smtp):
    kind = "mailbox"
    Config = MailboxConfig
    shapes = False
