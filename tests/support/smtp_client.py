"""Our SMTP client as tests of it use it: envelopes known by a number, and what became of each."""

import time
from collections.abc import Sequence
from typing import Any

from delivery.providers.base import Envelope, Outcome, Receipt
from delivery.smtp import Client, Config
from tests.support.smtp_server import ALL_FEATURES, SmtpServer
from tests.support.waiting import PATIENCE_S

SENT, TRANSIENT, PERMANENT, UNKNOWN, NOT_BEGUN = Outcome
HUGE = (b"x" * 70 + b"\r\n") * 120_000  # more than the kernel takes before the server reads
LOCK_STEP = [feature for feature in ALL_FEATURES if feature != "PIPELINING"]


def envelope(number: int, body: bytes = b"Hello\r\n", **changes: Any) -> Envelope:
    """A message from `b+NUMBER@acme.test` to `pNUMBER@example.test`."""
    data = b"From: news@acme.test\r\nSubject: %d\r\n\r\n" % number + body
    return Envelope(
        **{
            "message_id": number,
            "mail_from": f"b+{number}@acme.test",
            "rcpt_to": f"p{number}@example.test",
            "data": data,
            **changes,
        }
    )


_clients: list[Client] = []


def close_clients() -> None:
    """Close what `client` opened, whatever the server at the other end does."""
    while _clients:
        _clients.pop().close()


def client(server: SmtpServer, **changes: Any) -> Client:
    """A client of this server; `changes` are settings of Config."""
    settings = {"host": "127.0.0.1", "port": server.port, "connections": 1, "reply_timeout": 60, **changes}
    _clients.append(Client(Config(**settings)))
    return _clients[-1]


def send(client: Client, envelopes: Sequence[Envelope], seconds: float = PATIENCE_S) -> list[Receipt]:
    """Their receipts, in their order."""
    receipts = client.send(envelopes, begin_before=time.monotonic() + seconds)
    assert [receipt.message_id for receipt in receipts] == [envelope.message_id for envelope in envelopes]
    return receipts


def outcomes(server: SmtpServer, count: int = 5, **changes: Any) -> list[Outcome]:
    """What became of the first `count` messages."""
    kept = client(server, **changes)
    return [receipt.outcome for receipt in send(kept, [envelope(n) for n in range(count)])]
