"""What a server refuses, or cannot take, is that message's alone."""

from typing import Any

import pytest

from delivery.classification import Category
from delivery.providers.base import Outcome
from tests.support.smtp_client import LOCK_STEP, PERMANENT, SENT, TRANSIENT, client, envelope, outcomes, send
from tests.support.smtp_server import ALL_FEATURES, Fault, SmtpServer


@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP], ids=["pipelining", "lock-step"])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(
    ("reply", "outcome", "category"),
    [
        ("550 5.1.1 <p2@example.test>: user unknown", PERMANENT, Category.ADDRESS_PERMANENT),
        ("550-5.7.515 Access denied,\r\n550 5.7.515 sending domain", PERMANENT, Category.SENDER_POLICY),
        ("552 5.3.4 too large", PERMANENT, Category.MESSAGE_PERMANENT),
        ("450 4.2.2 mailbox full", TRANSIENT, Category.MAILBOX_TEMPORARY),
        ("451 4.7.1 greylisted, try again in 5 minutes", TRANSIENT, Category.TRANSIENT),
    ],
)
def test_a_refusal_is_that_messages_alone(
    features: list[str], at: str, reply: str, outcome: Outcome, category: Category
) -> None:
    with SmtpServer(features=features, faults={2: Fault(at, reply)}) as server:
        kept = client(server)
        receipts = send(kept, [envelope(n) for n in range(5)])
    assert [receipt.outcome for receipt in receipts] == [SENT, SENT, outcome, SENT, SENT]
    assert receipts[2].category == category
    assert receipts[2].code == " ".join(reply.replace("-", " ").split()[:2])
    assert "p2@" not in receipts[2].detail
    assert receipts[2].retry_after_s == (300 if "minutes" in reply else None)
    assert sorted(server.accepted) == [0, 1, 3, 4]
    assert server.violations == []
    assert server.connections == 1


def test_a_354_without_a_recipient_is_answered_by_a_lone_dot() -> None:
    faults = {1: Fault("RCPT", "550 5.1.1 user unknown")}
    with SmtpServer(faults=faults) as server:
        server.fault = _also(server, {1: Fault("DATA", "354 go on anyway")})  # type: ignore[method-assign]
        kept = client(server)
        receipts = send(kept, [envelope(n) for n in range(3)])
    assert [receipt.outcome for receipt in receipts] == [SENT, PERMANENT, SENT]
    assert receipts[1].code == "550 5.1.1"
    assert server.accepted == [0, 2]
    assert server.connections == 1


def _also(server: SmtpServer, more: dict[int, Fault]) -> Any:
    first = server.fault

    def fault(number: int, step: str) -> Fault | None:
        extra = more.get(number)
        return extra if extra and extra.at == step else first(number, step)

    return fault


def test_several_refusals_in_a_row_leave_the_connection_good() -> None:
    faults = {n: Fault("RCPT", "550 5.1.1 user unknown") for n in range(0, 20, 2)}
    with SmtpServer(faults=faults) as server:
        assert outcomes(server, 20) == [PERMANENT, SENT] * 10
    assert server.connections == 1


def test_a_server_that_does_not_forget_a_refused_message_is_left() -> None:
    class Stubborn(SmtpServer):
        def fault(self, number: int, step: str) -> Fault | None:
            return Fault("RSET", "500 5.5.1 no") if step == "RSET" else super().fault(number, step)

    with Stubborn(faults={0: Fault("RCPT", "550 5.1.1 user unknown")}) as server:
        assert outcomes(server) == [PERMANENT, SENT, SENT, SENT, SENT]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("features", "changes", "code"),
    [
        (["SIZE 30", "PIPELINING"], {}, "552 5.3.4"),
        (["PIPELINING"], {"rcpt_to": "añá@example.test"}, "553 5.6.7"),
        (["PIPELINING"], {"data": "Subject: é\r\n\r\n".encode()}, "554 5.6.3"),
        (ALL_FEATURES, {"rcpt_to": "a@b.test>\r\nRCPT TO:<eve@evil.test"}, "553 5.6.0"),
        (ALL_FEATURES, {"mail_from": "a b@b.test"}, "553 5.6.0"),
        (ALL_FEATURES, {"rcpt_to": ""}, "553 5.6.0"),
    ],
)
def test_what_the_server_cannot_take_is_not_even_tried(features: list[str], changes: Any, code: str) -> None:
    with SmtpServer(features=features) as server:
        kept = client(server)
        receipts = send(kept, [envelope(0, **changes), envelope(1, data=b"\r\n")])
    assert receipts[0].outcome == PERMANENT
    assert receipts[0].category == Category.MESSAGE_PERMANENT
    assert receipts[0].code == code
    assert receipts[1].outcome == SENT
    assert server.accepted == [1]


def test_what_needs_an_extension_names_it() -> None:
    with SmtpServer() as server:
        kept = client(server)
        send(kept, [envelope(0, rcpt_to="p0@é.example", data=b"\r\n"), envelope(1, data="\r\né\r\n".encode())])
    assert "MAIL FROM:<b+0@acme.test> SIZE=2 SMTPUTF8" in server.commands
    assert "MAIL FROM:<b+1@acme.test> SIZE=6 BODY=8BITMIME" in server.commands
