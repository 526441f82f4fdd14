"""A small fast SMTP server that accepts everything and remembers what: for benches and fault tests, never for people.

`python -m delivery.sink --port 0 --record FILE` prints its port and writes one line, message id and recipient,
for each message before it answers 250: what is in the file was accepted, what was accepted is in the file,
also after a SIGKILL of the sink itself.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_END = b"\r\n.\r\n"
_HEAD = 4096
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(rb"<([^>]*)>")
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-SIZE 0\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n",
    b"HELO": b"250 sink\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


@dataclass(frozen=True)
class Accepted:
    """One message the sink said 250 to."""

    message_id: str
    recipient: str


@dataclass(frozen=True)
class Sink:
    """A running sink process."""

    port: int
    record: Path
    pid: int

    def accepted(self) -> list[Accepted]:
        """Everything accepted so far, in order; a message accepted twice is in it twice."""
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return [Accepted(*line.split("\t")) for line in lines]


@contextmanager
def running(record: Path, *, port: int = 0, delay_ms: float = 0) -> Iterator[Sink]:
    """A sink process for the length of a with block; it also ends when its parent dies.

    `delay_ms` is the wait before each 250 to a message, on that connection alone. Raises OSError on a taken port.
    """
    command = [sys.executable, "-m", "delivery.sink", f"--port={port}", f"--record={record}", f"--delay-ms={delay_ms}"]
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            line = process.stdout.readline().strip()
            if not line.isdigit():
                raise OSError(f"the sink did not start: is port {port} taken?")
            yield Sink(int(line), record, process.pid)
        finally:
            process.terminate()


class _Session(asyncio.Protocol):
    """One connection. Pipelined commands are answered in one write."""

    def __init__(self, record: int, delay: float) -> None:
        self._record = record
        self._delay = delay
        self._rest = b""
        self._head: bytes | None = None  # the start of the message being received; None between messages
        self._recipient = b""
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._waiting:
            self._go_on()

    def _go_on(self) -> None:
        answers: list[bytes] = []
        while not self._waiting:
            answer = self._command() if self._head is None else self._message()
            if answer is None:
                break
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))
        if answers and answers[-1] == _ANSWERS[b"QUIT"]:
            self._transport.close()

    def _command(self) -> bytes | None:
        line, end, rest = self._rest.partition(b"\r\n")
        if not end:
            return None
        self._rest = rest
        verb = line[:4].upper()
        if verb == b"RCPT" and (found := _RECIPIENT.search(line)):
            self._recipient = found[1]
        if verb == b"DATA":
            self._head = b""
            self._rest = b"\r\n" + rest  # so that an empty message ends in the same way
        return _ANSWERS.get(verb, b"502 5.5.1 not implemented\r\n")

    def _message(self) -> bytes | None:
        assert self._head is not None
        end = self._rest.find(_END)
        if len(self._head) < _HEAD:
            self._head += self._rest[: end if end >= 0 else len(self._rest) - len(_END)][:_HEAD]
        if end < 0:
            self._rest = self._rest[-len(_END) :]
            return None
        self._rest = self._rest[end + len(_END) :]
        self._accept(self._head)
        self._head = None
        if not self._delay:
            return b"250 2.0.0 Ok\r\n"
        self._waiting = True
        asyncio.get_running_loop().call_later(self._delay, self._answer_late)
        return None

    def _answer_late(self) -> None:
        self._waiting = False
        self._transport.write(b"250 2.0.0 Ok\r\n")
        self._go_on()

    def _accept(self, head: bytes) -> None:
        found = _MESSAGE_ID.search(head)
        os.write(self._record, b"%b\t%b\n" % (found[1] if found else b"-", self._recipient))


async def _serve(port: int, record: Path, delay: float) -> None:
    loop = asyncio.get_running_loop()
    descriptor = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        server = await loop.create_server(lambda: _Session(descriptor, delay), "127.0.0.1", port, backlog=256)
    except OSError as error:
        raise SystemExit(f"The sink cannot listen on port {port}: {error.strerror}") from None
    print(server.sockets[0].getsockname()[1], flush=True)
    parent_gone = asyncio.Event()
    loop.add_reader(sys.stdin, parent_gone.set)  # readable at its end, that is when the parent has gone
    await parent_gone.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="An SMTP sink; it ends when its standard input does.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, default=Path(os.devnull))
    parser.add_argument("--delay-ms", type=float, default=0)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.record, options.delay_ms / 1000))


if __name__ == "__main__":
    main()
