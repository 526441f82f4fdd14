"""The server: it stores what clients of all kinds send."""

import asyncio
import os
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from delivery.mailbox.server import PortTaken, serve
from delivery.mailbox.store import Mailbox
from delivery.providers.base import Envelope, Outcome
from delivery.smtp import Client, Config
from tests.support.raw_mails import raw
from tests.support.waiting import PATIENCE_S


@dataclass
class Server:
    port: int = 0


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Server]:
    loop, running = asyncio.new_event_loop(), Server()
    ready = threading.Event()

    def say(port: int) -> None:
        running.port = port
        ready.set()

    task = loop.create_task(serve(mailbox, "127.0.0.1", 0, ready=say))
    thread = threading.Thread(target=lambda: loop.run_until_complete(task))
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield running
    loop.call_soon_threadsafe(task.cancel)
    thread.join(PATIENCE_S)
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()


@pytest.mark.parametrize("body", ["Hello", ".", "..\r\n.", ".a\r\n..b", "Grüße 🎉", ""])
def test_the_server_stores_what_our_client_sent(server: Server, mailbox: Mailbox, body: str) -> None:
    client = Client(Config("127.0.0.1", server.port))
    data = f"Subject: x\r\n\r\n{body}\r\n".encode()
    until = time.monotonic() + PATIENCE_S
    receipts = client.send(
        [Envelope(n, f"b+{n}@acme.test", f"p{n}@example.test", data) for n in range(20)], begin_before=until
    )
    client.close()
    assert {receipt.outcome for receipt in receipts} == {Outcome.SENT}
    assert sorted(mail.recipients for mail in mailbox.iter_messages()) == sorted(
        (f"p{n}@example.test",) for n in range(20)
    )
    assert all(
        (mailbox.raw(mail.key) or b"").endswith(f"{mail.recipients[0]}\r\n".encode() + data)
        for mail in mailbox.iter_messages()
    )


@pytest.mark.parametrize("message", ["", "\r\n", "a\r\n", "\r\n\r\n", "ab", "Subject: x\r\n\r\n.\r\n"])
def test_the_smallest_messages_end_where_they_end(server: Server, mailbox: Mailbox, message: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE_S) as smtp:
        for _ in range(2):
            smtp.sendmail("a@acme.test", ["ana@example.test"], message)
        assert smtp.noop()[0] == 250
    assert mailbox.count() == 2


def test_a_null_sender_and_several_recipients_are_taken(server: Server, mailbox: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE_S) as smtp:
        smtp.sendmail("", ["ana@example.test", "ben@example.test"], raw())
    assert [mail.recipients for mail in mailbox.iter_messages()] == [("ana@example.test", "ben@example.test")]


def test_the_server_offers_what_a_fast_client_needs(server: Server) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE_S) as smtp:
        assert smtp.docmd("DATA")[0] == 503
        smtp.ehlo()
        assert {"pipelining", "8bitmime", "smtputf8", "size"} <= smtp.esmtp_features.keys()
        assert smtp.docmd("DATA")[0] == 503


def test_a_message_beyond_all_measure_is_refused(
    server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delivery.mailbox.server._Server.line_length_limit", 10_000)
    client = Client(Config("127.0.0.1", server.port))
    huge = Envelope(1, "b@acme.test", "ana@example.test", b"Subject: x\r\n\r\n" + b"x" * 100_000)
    receipts = client.send([huge], begin_before=time.monotonic() + PATIENCE_S)
    client.close()
    assert receipts[0].code == "552 5.3.4"
    assert mailbox.count() == 0


def test_a_host_that_is_not_ours_is_no_taken_port(mailbox: Mailbox) -> None:
    with pytest.raises(OSError, match="assign"):
        asyncio.run(serve(mailbox, "192.0.2.1", 0, ready=print))


def test_a_taken_port_is_said_in_one_line(server: Server, mailbox: Mailbox) -> None:
    with pytest.raises(PortTaken, match="set MAILBOX_PORT"):
        asyncio.run(serve(mailbox, "127.0.0.1", server.port, ready=print))
    env = {**os.environ, "MAILBOX_PORT": str(server.port)}
    run = subprocess.run(
        [sys.executable, "manage.py", "mailbox"],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.strip().splitlines() == [
        f"CommandError: Port {server.port} on 127.0.0.1 is taken: stop what listens there or set MAILBOX_PORT"
    ]
