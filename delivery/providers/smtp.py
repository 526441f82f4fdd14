"""Hand mail over by SMTP: to a relay, to an ESP's submission port, or to the local mailbox."""

from collections.abc import Sequence
from dataclasses import replace

from delivery import smtp
from delivery.providers.base import Envelope, Outcome, Provider, Receipt, Trouble


class Smtp(Provider):
    """One relay, on kept connections."""

    kind = "smtp"
    Config = smtp.Config
    shapes = True

    def __init__(self, config: smtp.Config) -> None:
        self._client = smtp.Client(config)

    def send(self, batch: Sequence[Envelope], *, begin_before: float) -> list[Receipt]:
        receipts = self._client.send(batch, begin_before=begin_before)
        return [_with_trouble(receipt) for receipt in receipts]

    def close(self) -> None:
        self._client.close()


def _with_trouble(receipt: Receipt) -> Receipt:
    """Not begun though there was time: no connection stood."""
    nobody = receipt.outcome is Outcome.NOT_BEGUN and receipt.retry_after_s is None
    return replace(receipt, category=Trouble.UNREACHABLE) if nobody else receipt
