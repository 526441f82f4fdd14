"""The same over HTTP: as much of Postmark and Resend as handing a message over takes, and Postmark's search.

`python -m delivery.sink.esp --port 0 --record FILE`; Postmark's API is below /postmark/, Resend's below /resend/.
Resend takes a message once for each idempotency key, Postmark knows none: that is the difference between the two here.
"""

import json
import os
import sys
import threading
import time
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from delivery.sink.options import parse
from delivery.sink.script import Misbehaviour, Script

RETRY_AFTER_S = 2
_REFUSALS = {
    "422": {"ErrorCode": 406, "Message": "Found inactive addresses: {to}.\nInactive recipients are …"},
    "429": {"ErrorCode": 429, "Message": "Rate limit exceeded"},
}


class Esp(ThreadingHTTPServer):
    """What was taken, by reference and by idempotency key."""

    daemon_threads = True

    def __init__(self, port: int, record: int, delay: float, script: Script) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.delay = delay
        self.script = script
        self.lock = threading.Lock()
        self.references: set[str] = set()
        self._keys: set[str] = set()
        self._record = record

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up before the answer is what some faults are about: nothing to report."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def take(self, message_id: str, recipient: str, reference: str, key: str) -> None:
        with self.lock:
            if key and key in self._keys:
                return
            self._keys.add(key)
            self.references.add(reference)
            os.write(self._record, f"{message_id}\t{recipient}\n".encode())

    def meet(self, at: Any, recipient: str) -> Misbehaviour | None:
        with self.lock:
            return self.script.next(at, recipient.encode())


class _Request(BaseHTTPRequestHandler):
    server: Esp
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        """Postmark's message search by metadata."""
        wanted = parse_qs(urlsplit(self.path).query).get("metadata_message_id", [""])[0]
        with self.server.lock:
            known = wanted in self.server.references
        self._answer(200, {"TotalCount": int(known), "Messages": [{"Status": "Sent"}] if known else []})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers, reference, to = _postmark(body) if self.path.startswith("/postmark/") else _resend(body)
        recipient = parseaddr(to)[1]
        if met := self.server.meet("REQUEST", recipient):
            return self._misbehave(met, recipient)
        self.server.take(headers.get("message-id", "-"), recipient, reference, self.headers.get("Idempotency-Key", ""))
        time.sleep(self.server.delay)
        if met := self.server.meet("ANSWER", recipient):
            return self._misbehave(met, recipient)
        return self._answer(200, {"ErrorCode": 0, "Message": "OK", "MessageID": reference, "To": to, "id": reference})

    def _misbehave(self, met: Misbehaviour, recipient: str) -> None:
        time.sleep(met.delay_ms / 1000)
        if met.drop:
            self.close_connection = True
            return
        words = _REFUSALS.get(met.reply, {"Message": "Internal Server Error"})
        self._answer(int(met.reply), {**words, "Message": str(words["Message"]).replace("{to}", recipient)})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", str(RETRY_AFTER_S))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _postmark(body: Any) -> tuple[dict[str, str], str, str]:
    """https://postmarkapp.com/developer/api/email-api"""
    headers = {one["Name"].lower(): one["Value"] for one in body.get("Headers", [])}
    return headers, body.get("Metadata", {}).get("message_id", ""), body["To"]


def _resend(body: Any) -> tuple[dict[str, str], str, str]:
    """https://resend.com/docs/api-reference/emails/send-email"""
    headers = {name.lower(): value for name, value in body.get("headers", {}).items()}
    return headers, headers.get("message-id", ""), body["to"][0]


def main() -> None:
    options = parse("An ESP's sink; it ends when its standard input does.")
    record = os.open(options.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with Esp(options.port, record, options.delay_ms / 1000, Script(options.script)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
