"""How long a connection is kept, and what its end costs."""

import time

import pytest

from tests.support.smtp_client import LOCK_STEP, SENT, client, envelope, outcomes, send
from tests.support.smtp_server import ALL_FEATURES, SmtpServer


def test_a_connection_closed_while_idle_is_opened_again_unseen() -> None:
    with SmtpServer() as server:
        kept = client(server)
        for start in (0, 5, 10):
            assert {receipt.outcome for receipt in send(kept, [envelope(n) for n in range(start, start + 5)])} == {SENT}
            server.hang_up()
    assert sorted(server.accepted) == list(range(15))
    assert server.connections == 3


@pytest.mark.parametrize("farewell", ["421 4.7.0 enough", ""])
@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP], ids=["pipelining", "lock-step"])
def test_a_servers_limit_of_messages_costs_nothing(features: list[str], farewell: str) -> None:
    with SmtpServer(features=features, messages_per_connection=3, farewell=farewell) as server:
        assert outcomes(server, 20, connections=2) == [SENT] * 20
    assert sorted(server.accepted) == list(range(20))


def test_our_own_limit_of_messages_is_kept() -> None:
    with SmtpServer() as server:
        assert outcomes(server, 20, messages_per_connection=5) == [SENT] * 20
    assert server.connections == 4
    assert server.commands.count("QUIT") >= 3


def test_a_connection_idle_for_too_long_is_not_trusted() -> None:
    with SmtpServer() as server:
        kept = client(server, idle_limit=0.05)
        send(kept, [envelope(0)])
        time.sleep(0.1)
        assert send(kept, [envelope(1)])[0].outcome == SENT
    assert server.connections == 2


def test_a_farewell_while_idle_is_heeded() -> None:
    with SmtpServer() as server:
        kept = client(server)
        send(kept, [envelope(0)])
        server.say_unasked("421 4.4.2 timeout exceeded")
        assert send(kept, [envelope(1)])[0].outcome == SENT
    assert server.connections == 2
