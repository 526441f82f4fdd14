"""Where each kind of provider can hand mail over to in a test: a real server on loopback, and what it took."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.test import override_settings

from delivery.mime import Letterhead
from delivery.providers import Provider, for_account
from delivery.providers.base import Envelope
from tests.support.esp_wires import WIRES
from tests.support.fake_esps import KEY, FakeEsps
from tests.support.smtp_server import Fault, SmtpServer

ESPS = list(WIRES)
KINDS = ["smtp", "mailbox", *ESPS]
REPLY_S = 0.5
CONFIGS: dict[str, dict[str, Any]] = {
    "ses": {"region": "eu-west-1", "access_key_id": "AKIDTEST"},
    "mailgun": {"domain": "mg.acme.test"},
    "mailjet": {"api_key": "public"},
    "scaleway": {"project_id": "p"},
}
_SMTP = {
    "refuse": Fault("RCPT", "550 5.1.1 no such user p7@example.test"),
    "throttle": Fault("MAIL", "421 4.7.0 too fast for b@acme.test"),
    "outage": Fault("MAIL", drop=True),
    "accept_then_500": Fault("DOT", "", drop=True),
    "accept_then_timeout": Fault("DOT", "", delay=2, drop=True),
    "drop": Fault("BODY", drop=True),
    "accept_then_drop": Fault("DOT", "", drop=True, reset=True),
    "garbage": Fault("DOT", "250\x00nonsense"),
    "unauthorised": Fault("MAIL", "530 5.7.0 authentication required"),
}
LETTERHEAD = Letterhead(
    from_name="Acmé", from_email="news@acme.test", reply_to="help@acme.test", list_name="Léa's weekly",
    list_id="weekly.acme.test", feedback_id="cmp_1:bulk:brd_1",
)  # fmt: skip


def envelope(number: int) -> Envelope:
    """Message `number`, to p<number>@example.test."""
    data = LETTERHEAD.assemble(
        to_name="Zoé Ünal", to_email=f"p{number}@example.test", subject="Frühling – für dich", html="<p>Hé € there</p>",
        text="Hé € there", message_id=f"msg_{number}@acme.test", date=datetime(2026, 1, 1, tzinfo=UTC),
        unsubscribe_url="https://acme.test/u/token",
    )  # fmt: skip
    return Envelope(number, f"b+{number}@acme.test", f"p{number}@example.test", data)


@dataclass
class Place:
    """A provider of one kind and the server it talks to."""

    kind: str
    provider: Provider
    server: Any

    def accepted(self) -> list[int]:
        """The numbers of the messages the server took, as often as it took them."""
        if isinstance(self.server, SmtpServer):
            return sorted(self.server.accepted)
        return sorted(int(one.recipient[1 : one.recipient.index("@")]) for one in self.server.accepted())

    def stop(self) -> None:
        """From now on nobody listens there."""
        if isinstance(self.server, SmtpServer):
            self.server.__exit__(None, None, None)
            time.sleep(0.05)
        else:
            self.server.stop()


@contextmanager
def place(kind: str, faults: Sequence[tuple[int, str]] = (), **config: Any) -> Iterator[Place]:
    """An account of this kind, at a server with these faults by message number."""
    config = {"reply_timeout": REPLY_S, "connections": 2, **config}
    if kind in ESPS:
        with FakeEsps(dict(faults)) as fake, override_settings(PROVIDER_API_URLS=fake.urls()):
            yield from _place(kind, {**CONFIGS.get(kind, {}), **config}, fake)
    else:
        scripted = {number: Fault(**vars(_SMTP[name])) for number, name in faults if name in _SMTP}
        with SmtpServer(faults=scripted) as server:
            yield from _place(kind, {"host": "127.0.0.1", "port": server.port, **config}, server)


def _place(kind: str, config: dict[str, Any], server: Any) -> Iterator[Place]:
    provider = for_account(kind, config, KEY if kind in ESPS else "")
    try:
        yield Place(kind, provider, server)
    finally:
        provider.close()
