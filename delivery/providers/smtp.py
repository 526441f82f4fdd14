"""Hand mail over by SMTP: to a relay, to an ESP's submission port, or to the local mailbox."""

from collections.abc import Sequence

from delivery import smtp
from delivery.providers.base import Envelope, Provider, Receipt


class Smtp(Provider):
    """One relay, on kept connections."""

    kind = "smtp"
    shapes = True
    Config = smtp.Config

    def __init__(self, config: smtp.Config) -> None:
        self._client = smtp.Client(config)

    def send(self, batch: Sequence[Envelope], *, begin_before: float) -> list[Receipt]:
        return self._client.send(batch, begin_before=begin_before)

    def close(self) -> None:
        self._client.close()
