"""An SMTP server in its own process that writes down what it was given and when: `python recorder.py FILE DELAY_MS`.

Prints its port. Lines of FILE, times in nanoseconds of the clock that all processes share (CLOCK_MONOTONIC):
`rcpt TIME ADDRESS` when a recipient was named, `took TIME ADDRESS MESSAGE-ID` just before the 250 after the data.
The delay, random up to twice DELAY_MS, comes between the data and its 250: the gap in which a worker may die.
"""

import contextlib
import os
import random
import re
import socketserver
import sys
import threading
import time

_MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>", re.IGNORECASE | re.MULTILINE)


class Session(socketserver.StreamRequestHandler):
    """One connection. Commands are read as they come, so pipelining needs nothing more."""

    disable_nagle_algorithm = True
    server: "Recorder"

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the worker was killed
            self._converse()

    def _converse(self) -> None:
        self._say("220 recorder")
        recipient = ""
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self._say("250-recorder\r\n250-PIPELINING\r\n250 8BITMIME")
            elif verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
                self.server.record(f"rcpt {time.monotonic_ns()} {recipient}")
                self._say("250 ok")
            elif verb == b"DATA":
                self._say("354 go on")
                data = self._read_data()
                if data is None:
                    return
                self._take(recipient, data)
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _read_data(self) -> bytes | None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return None
            lines.append(line)
        return b"".join(lines)

    def _take(self, recipient: str, data: bytes) -> None:
        found = _MESSAGE_ID.search(data)
        self.server.record(f"took {time.monotonic_ns()} {recipient} {found[1].decode() if found else '-'}")
        if self.server.delay_s:
            time.sleep(random.uniform(0, 2 * self.server.delay_s))
        self._say("250 taken")

    def _say(self, reply: str) -> None:
        self.wfile.write(reply.encode() + b"\r\n")


class Recorder(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, path: str, delay_s: float) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.delay_s = delay_s
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._lock = threading.Lock()

    def record(self, line: str) -> None:
        with self._lock:
            os.write(self._file, line.encode() + b"\n")


if __name__ == "__main__":
    with Recorder(sys.argv[1], float(sys.argv[2]) / 1000) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
