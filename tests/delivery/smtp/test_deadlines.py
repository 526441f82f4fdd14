"""Nothing is begun after the deadline."""

from tests.support.smtp_client import NOT_BEGUN, SENT, client, envelope, send
from tests.support.smtp_server import Fault, SmtpServer


def test_nothing_is_begun_after_the_deadline() -> None:
    with SmtpServer() as server:
        receipts = send(client(server), [envelope(n) for n in range(3)], seconds=-1)
    assert [receipt.outcome for receipt in receipts] == [NOT_BEGUN] * 3
    assert server.accepted == []


def test_the_deadline_ends_a_batch_in_the_middle() -> None:
    with SmtpServer(faults={n: Fault("DOT", delay=0.25) for n in range(50)}) as server:
        kept = client(server)
        receipts = send(kept, [envelope(n) for n in range(50)], seconds=1.1)
        found = [receipt.outcome for receipt in receipts]
        sent = found.count(SENT)
        assert found == [SENT] * sent + [NOT_BEGUN] * (50 - sent)
        assert 1 <= sent <= 6
        assert send(kept, [envelope(60)])[0].outcome == SENT
    assert sorted(server.accepted) == [*range(sent), 60]


def test_no_body_is_begun_when_the_354_comes_after_the_deadline() -> None:
    with SmtpServer(faults={0: Fault("DATA", delay=0.3)}) as server:
        assert send(client(server), [envelope(0)], seconds=0.2)[0].outcome == NOT_BEGUN
    assert server.accepted == []
