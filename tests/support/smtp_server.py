"""A scripted SMTP server: real sockets, in a thread, misbehaving exactly where a test says.

A fault belongs to one message, known by the number in its addresses (`b+7@…`, `p7@…`), so that what happens
does not depend on which connection takes it.
"""

import base64
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

ALL_FEATURES = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000", "ENHANCEDSTATUSCODES")
_NUMBER = re.compile(rb"[bp]\+?(\d+)@")


@dataclass
class Fault:
    """Misbehave `at` a step: CONNECT, EHLO, MAIL, RCPT, DATA, BODY (some of it was read) or DOT.

    `reply` instead of the usual one (empty: none), then perhaps `drop` (`reset`: without a farewell).
    """

    at: str
    reply: str = ""
    drop: bool = False
    reset: bool = False
    delay: float = 0
    times: int = 1000


@dataclass
class SmtpServer:
    """Use as a context manager; `port` is then known."""

    faults: Mapping[int, Fault] = field(default_factory=dict)
    greeting: Fault | None = None
    features: Sequence[str] = ALL_FEATURES
    extended: bool = True
    certificate: tuple[str, str] | None = None
    implicit_tls: bool = False
    password: str = ""
    messages_per_connection: int = 1_000_000
    starttls_reply: str = "220 go ahead"
    farewell: str = "421 4.7.0 enough"  # to the MAIL beyond the limit; empty: close without a word

    def __post_init__(self) -> None:
        self.accepted: list[int] = []
        self.bodies: dict[int, bytes] = {}
        self.commands: list[str] = []
        self.violations: list[str] = []
        self.connections = 0
        self.ahead = 0  # how often the next MAIL had come when a message ended
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def pipelining(self) -> bool:
        return "PIPELINING" in self.features

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._shut_down(self._listener)
        self.hang_up()

    def hang_up(self) -> None:
        """Close all connections, as an idle server does."""
        for sock in self._open:
            self._shut_down(sock)
        time.sleep(0.02)

    def say_unasked(self, text: str) -> None:
        """A line to everybody, as a server says it that has waited long enough."""
        for sock in self._open:
            sock.sendall(f"{text}\r\n".encode())
        time.sleep(0.05)

    def _shut_down(self, sock: socket.socket) -> None:
        """The thread that uses a socket closes it: else its number might be another's in the middle of a call."""
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        with self._listener, suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        session = None
        with suppress(OSError, _Dropped):
            if self.implicit_tls:
                sock = self.secure(sock)
            self._open.append(sock)
            session = _Session(self, sock)
            session.run()
        (session.sock if session else sock).close()

    def secure(self, sock: socket.socket) -> ssl.SSLSocket:
        assert self.certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        return context.wrap_socket(sock, server_side=True)

    def fault(self, number: int, step: str) -> Fault | None:
        with self._lock:
            found = self.faults.get(number)
            if not found or found.at != step or found.times <= 0:
                return None
            found.times -= 1
            return found

    def accept(self, number: int, body: bytes) -> None:
        with self._lock:
            self.accepted.append(number)
            self.bodies[number] = body


class _Dropped(Exception):
    """This session is over."""


class _Session:
    def __init__(self, server: SmtpServer, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.rest = b""
        self.number = -1
        self.refused = False
        self.served = 0

    def run(self) -> None:
        self.answer(self.server.greeting, "220 scripted ESMTP")
        while True:
            line = self.line()
            verb = line[:4].upper().decode("ascii", "replace")
            self.server.commands.append(line.decode("utf-8", "replace").strip())
            if self.rest and not (self.server.pipelining and verb != "DATA"):
                self.server.violations.append(f"sent on after {verb}")
            getattr(self, f"on_{verb.lower()}", self.on_unknown)(line)

    def on_unknown(self, line: bytes) -> None:
        self.say("502 5.5.1 what?")

    def on_ehlo(self, line: bytes) -> None:
        if not self.server.extended:
            return self.say("502 5.5.1 what?")
        offers = [*self.server.features]
        if self.server.certificate and not isinstance(self.sock, ssl.SSLSocket):
            offers.append("STARTTLS")
        if self.server.password:
            offers.append("AUTH LOGIN PLAIN" if "NOPLAIN" not in offers else "AUTH LOGIN")
        lines = ["scripted", *offers]
        return self.say("\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    def on_helo(self, line: bytes) -> None:
        self.say("250 scripted")

    def on_star(self, line: bytes) -> None:
        self.say(self.server.starttls_reply)
        self.sock = self.server.secure(self.sock)
        self.server._open.append(self.sock)

    def on_auth(self, line: bytes) -> None:
        _, mechanism, *initial = line.decode().split()
        if mechanism == "LOGIN":
            self.say("334 VXNlcm5hbWU6")
            self.line()
            self.say("334 UGFzc3dvcmQ6")
            given = base64.b64decode(self.line()).decode()
        else:
            given = base64.b64decode(initial[0]).decode().split("\0")[2]
        self.say("235 2.7.0 welcome" if given == self.server.password else "535 5.7.8 no such user or password")

    def on_mail(self, line: bytes) -> None:
        if self.served >= self.server.messages_per_connection:
            self.say(self.server.farewell)
            self.drop()
        self.refused = False
        self.number = int(found[1]) if (found := _NUMBER.search(line)) else -1
        self.step("MAIL", "250 2.1.0 ok")

    def on_rcpt(self, line: bytes) -> None:
        if found := _NUMBER.search(line):  # a sealed return path has no number
            self.number = int(found[1])
        self.step("RCPT", "503 5.5.1 no sender" if self.refused else "250 2.1.5 ok")

    def on_data(self, line: bytes) -> None:
        fault = self.server.fault(self.number, "DATA")
        if self.refused and not fault:
            return self.say("554 5.5.1 no valid recipients")
        if not self.answer(fault, "354 go on"):
            return None
        body = self.body()
        self.served += 1
        self.server.ahead += self.rest.upper().startswith(b"MAIL")
        if self.refused:
            return self.say("554 5.5.1 no valid recipients")
        fault = self.server.fault(self.number, "DOT")
        if not fault or not fault.reply or fault.reply.startswith("250"):
            self.server.accept(self.number, body)
        self.answer(fault, f"250 2.0.0 queued as {self.number}")
        return None

    def on_rset(self, line: bytes) -> None:
        self.refused = False
        self.answer(self.server.fault(self.number, "RSET"), "250 2.0.0 ok")

    def on_quit(self, line: bytes) -> None:
        self.say("221 2.0.0 bye")
        self.drop()

    def step(self, name: str, usual: str) -> None:
        self.refused |= not self.answer(self.server.fault(self.number, name), usual)

    def answer(self, fault: Fault | None, usual: str) -> bool:
        """Say the usual or what the fault says; true when that is a yes."""
        if fault:
            time.sleep(fault.delay)
            usual = fault.reply or (usual if fault.delay and not fault.drop else "")
        self.say(usual)
        if fault and fault.drop:
            self.drop(reset=fault.reset)
        return usual[:1] in ("2", "3")

    def body(self) -> bytes:
        fault = self.server.fault(self.number, "BODY")
        if fault:
            self.sock.recv(10)
            self.answer(fault, "")
        lines = []
        while (line := self.line()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def line(self) -> bytes:
        while b"\n" not in self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise _Dropped
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line + b"\n"

    def say(self, text: str) -> None:
        if text:
            self.sock.sendall(f"{text}\r\n".encode())

    def drop(self, *, reset: bool = False) -> None:
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
        self.sock.close()
        raise _Dropped
