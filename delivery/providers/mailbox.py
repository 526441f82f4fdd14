"""The local mailbox: a real SMTP server of this deployment, where mails can be read on a page and go no further."""

from dataclasses import dataclass

from django.conf import settings

from delivery import smtp
from delivery.providers.smtp import Smtp


@dataclass(frozen=True)
class Nothing:
    """It needs no settings: the server's own say where the mailbox is."""


class LocalMailbox(Smtp):
    kind = "mailbox"
    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        super().__init__(smtp.Config(host=settings.MAILBOX_HOST, port=settings.MAILBOX_PORT, connections=2))
