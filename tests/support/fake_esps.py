"""Fake ESPs: one real HTTP server on loopback that speaks the wire format of each, and misbehaves where told.

In a test (a thread):

    with FakeEsps({7: "throttle"}) as fake:          # a fault for message 7, known by the p7@ of its recipient
        settings.PROVIDER_API_URLS = fake.urls()     # {kind: where its API is}
        fake.accepted()                              # [Accepted(kind, message_id, recipient, reference), ...]

As a process, for the fault harness:

    with running(Path("record"), fault="accept_then_500", every=5) as fake: fake.port, fake.urls(), fake.accepted()

or by hand `python -m tests.support.fake_esps --port 0 --record FILE --fault NAME --every N`, which prints its port.
Like delivery.sink it writes a line for each message it takes before it answers: what is in the record was accepted,
what was accepted is in the record. The key of every account is `KEY`; any other is refused as the ESP refuses it.

Faults: accept, refuse (the recipient), throttle (429 with Retry-After), outage (503), accept_then_500,
accept_then_timeout, drop (before it is accepted), accept_then_drop, garbage (accepted, the answer is nonsense),
unauthorised. `partial`: every second recipient is refused. Faults hold for numbers given, or each `every`th message.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.esp_wires import WIRES, Handed, Reply

KEY = "test-key-7f3a"
RETRY_AFTER_S = 7
_NUMBER = re.compile(r"(\d+)(?=@)")


@dataclass(frozen=True)
class Accepted:
    """One message the fake took. `message_id` as its Message-ID had it, `reference` the metadata id."""

    kind: str
    message_id: str
    recipient: str
    reference: str


def urls_of(port: int) -> dict[str, str]:
    """Where the API of each kind is: the value of settings.PROVIDER_API_URLS."""
    return {kind: f"http://127.0.0.1:{port}/{kind}" for kind in WIRES}


def read_record(path: Path) -> list[Accepted]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [Accepted(*line.split("\t")) for line in lines]


@dataclass
class FakeEsps:
    """All fakes on one port, in this process. Use as a context manager; `port` is then known."""

    faults: Mapping[int, str] = field(default_factory=dict)
    fault: str = "accept"
    every: int = 1
    record: Path | None = None
    hang_s: float = 2.0
    delay_s: float = 0.0
    port: int = 0

    def __post_init__(self) -> None:
        self.requests: list[Handed] = []  # each request as it came, also those refused
        self.connections = 0
        self._accepted: list[Accepted] = []
        self._answers: dict[str, Reply] = {}  # by idempotency key
        self._lock = threading.Lock()
        self._file = os.open(self.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if self.record else None

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"esps": self})
        self._server: ThreadingHTTPServer = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        if self._file:
            os.close(self._file)

    def stop(self) -> None:
        """Nobody listens any more. Safe to call twice."""
        self._server.shutdown()
        self._server.server_close()

    def urls(self) -> dict[str, str]:
        return urls_of(self.port)

    def accepted(self) -> list[Accepted]:
        with self._lock:
            return list(self._accepted)

    def fault_of(self, handed: Handed) -> str:
        found = _NUMBER.search(handed.recipient)
        number = int(found[1]) if found else len(self.requests)
        if number in self.faults:
            return self.faults[number]
        if self.fault == "partial":
            return "refuse" if number % 2 else "accept"
        return self.fault if number % self.every == 0 else "accept"

    def accept(self, kind: str, handed: Handed) -> Reply:
        """Write it down, then the answer; the same idempotency key gets the first answer and nothing is taken."""
        with self._lock:
            if handed.idempotency_key and handed.idempotency_key in self._answers:
                return self._answers[handed.idempotency_key]
            taken = Accepted(kind, handed.message_id, handed.recipient, handed.reference)
            self._accepted.append(taken)
            if self._file:
                line = f"{taken.kind}\t{taken.message_id}\t{taken.recipient}\t{taken.reference}"
                os.write(self._file, line.encode() + b"\n")
            reply = WIRES[kind].accepted(handed, len(self._accepted))
            self._answers[handed.idempotency_key] = reply
            return reply


class _Handler(BaseHTTPRequestHandler):
    esps: "FakeEsps"
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.esps.connections += 1
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        _, kind, path = self.path.split("/", 2)
        if not WIRES[kind].authorised(dict(self.headers), b"", KEY):
            return self._answer(WIRES[kind].unauthorised())
        return self._answer(WIRES[kind].looked_up(path, [one.__dict__ for one in self.esps.accepted()]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, kind, path = self.path.split("/", 2)
        wire, esps = WIRES[kind], self.esps
        if path.split("?")[0] != wire.path:
            return self._answer((404, {}, b"no such endpoint"))
        headers = dict(self.headers)
        handed = wire.read(headers, body)
        with esps._lock:
            esps.requests.append(handed)
        time.sleep(esps.delay_s)
        if not wire.authorised(headers, body, KEY):
            return self._answer(wire.unauthorised())
        return self._misbehave(esps.fault_of(handed), kind, handed)

    def _misbehave(self, fault: str, kind: str, handed: Handed) -> None:
        wire = WIRES[kind]
        if fault in ("refuse", "throttle", "unauthorised", "outage", "drop"):
            refusals: dict[str, Callable[[], Reply | None]] = {
                "refuse": lambda: wire.refused(handed),
                "throttle": lambda: wire.throttled(RETRY_AFTER_S),
                "unauthorised": wire.unauthorised,
                "outage": lambda: (503, {}, b"<html>503 Service Unavailable</html>"),
                "drop": lambda: None,
            }
            return self._answer(refusals[fault]())
        answer: Reply | None = self.esps.accept(kind, handed)
        if fault == "accept_then_500":
            answer = (500, {}, b'{"message": "Internal Server Error"}')
        elif fault == "garbage":
            answer = (200, {"Content-Type": "application/json"}, b"\x00\xff{[<not json>")
        elif fault == "accept_then_drop":
            answer = None
        elif fault == "accept_then_timeout":
            time.sleep(self.esps.hang_s)
            answer = None
        return self._answer(answer)

    def _answer(self, reply: Reply | None) -> None:
        if reply is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = reply
        with suppress(OSError):  # the sender may have given up
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


@dataclass(frozen=True)
class FakeProcess:
    """The fakes in a process of their own."""

    port: int
    record: Path
    pid: int

    def urls(self) -> dict[str, str]:
        return urls_of(self.port)

    def accepted(self) -> list[Accepted]:
        return read_record(self.record)


@contextmanager
def running(
    record: Path, *, port: int = 0, fault: str = "accept", every: int = 1, hang_s: float = 2.0, delay_s: float = 0.0
) -> Iterator[FakeProcess]:
    """The fakes in a process for the length of a with block; it also ends when its parent dies."""
    command = [
        sys.executable, "-m", "tests.support.fake_esps", f"--port={port}", f"--record={record}", f"--fault={fault}",
        f"--every={every}", f"--hang-s={hang_s}", f"--delay-s={delay_s}",
    ]  # fmt: skip
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield FakeProcess(int(process.stdout.readline()), record, process.pid)
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description="Fake ESPs on loopback; they end when standard input does.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, default=Path(os.devnull))
    parser.add_argument("--fault", default="accept")
    parser.add_argument("--every", type=int, default=1, help="the fault is of every Nth recipient, by the number in it")
    parser.add_argument("--hang-s", type=float, default=2.0)
    parser.add_argument("--delay-s", type=float, default=0.0)
    options = parser.parse_args()
    with FakeEsps(**vars(options)) as fake:
        print(fake.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
