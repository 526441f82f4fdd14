"""A server that does its work: each message arrives once and whole, at the least cost."""

import pytest

from delivery.providers.base import Receipt
from tests.support.smtp_client import LOCK_STEP, SENT, client, envelope, outcomes, send
from tests.support.smtp_server import ALL_FEATURES, Fault, SmtpServer


@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP, []], ids=["pipelining", "lock-step", "bare"])
@pytest.mark.parametrize("connections", [1, 4])
def test_every_message_arrives_once_and_whole(features: list[str], connections: int) -> None:
    with SmtpServer(features=features) as server:
        kept = client(server, connections=connections)
        for start in (0, 50):
            receipts = send(kept, [envelope(n) for n in range(start, start + 50)])
            assert {receipt.outcome for receipt in receipts} == {SENT}
    assert sorted(server.accepted) == list(range(100))
    assert server.bodies[7] == envelope(7).data
    assert server.violations == []
    assert server.connections == connections


def test_a_server_without_ehlo_is_served() -> None:
    with SmtpServer(extended=False) as server:
        assert outcomes(server) == [SENT] * 5


def test_a_pipelined_message_costs_one_round_trip() -> None:
    with SmtpServer() as server:
        assert outcomes(server, 20) == [SENT] * 20
    assert server.ahead == 19
    assert server.commands.count("DATA") == 20
    assert "RSET" not in server.commands


@pytest.mark.parametrize("body", [b".\r\n", b"..\r\n.\r\n", b"a\r\n.b\r\n", b"no line end", b"." * 3000 + b"\r\n"])
def test_dots_survive(body: bytes) -> None:
    with SmtpServer() as server:
        assert send(client(server), [envelope(0, body)])[0].outcome == SENT
    assert server.bodies[0].removesuffix(b"\r\n") == envelope(0, body).data.removesuffix(b"\r\n")


def test_a_message_that_begins_with_a_dot_survives() -> None:
    with SmtpServer() as server:
        send(client(server), [envelope(0, data=b".\r\n\r\nbody\r\n"), envelope(1)])
    assert server.accepted == [0, 1]


def test_large_messages_are_written_piece_by_piece() -> None:
    body = (b"x" * 70 + b"\r\n") * 12_000
    with SmtpServer(faults={0: Fault("BODY", delay=0.2)}) as server:
        assert outcomes(server) == [SENT] * 5
        receipts = send(client(server), [envelope(n, body) for n in range(10, 14)])
    assert {receipt.outcome for receipt in receipts} == {SENT}
    assert server.bodies[12] == envelope(12, body).data


def test_the_servers_words_are_kept() -> None:
    with SmtpServer() as server:
        assert send(client(server), [envelope(7)]) == [Receipt(7, SENT, "", "250", "2.0.0 queued as 7")]


def test_a_slow_server_is_waited_for() -> None:
    with SmtpServer(faults={n: Fault("DOT", delay=0.05) for n in range(5)}) as server:
        assert outcomes(server) == [SENT] * 5


def test_a_signal_in_the_middle_leaves_no_half_open_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer(faults={0: Fault("DOT", delay=0.1)}) as server:
        kept = client(server)

        def interrupt() -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(kept, "_wait", interrupt)
            with pytest.raises(KeyboardInterrupt):
                send(kept, [envelope(0)])
        assert send(kept, [envelope(1)])[0].outcome == SENT
    assert server.accepted == [1]


def test_closing_twice_is_safe() -> None:
    with SmtpServer() as server:
        kept = client(server)
        send(kept, [envelope(0)])
        kept.close()
        kept.close()


def test_an_empty_batch_opens_nothing() -> None:
    with SmtpServer() as server:
        assert send(client(server), []) == []
    assert server.connections == 0
