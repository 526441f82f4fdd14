"""The messages of one send: who waits, and what became of each."""

import math
import re
import time
from collections import Counter, deque
from collections.abc import Sequence

from delivery import classification
from delivery.classification import Category
from delivery.providers.base import Envelope, Outcome, Receipt, Shape
from delivery.smtp.opening import Features
from delivery.smtp.replies import Broken, Reply, TimeOver

_LONGEST_TEXT = 2000  # of a reply that we classify and keep


class Job:
    """One message on its way. `ends_at` is where its final dot ends in the bytes of its connection, 0 before that."""

    __slots__ = ("ends_at", "envelope", "index", "line", "refusal")

    def __init__(self, index: int, envelope: Envelope, line: "Line") -> None:
        self.index = index
        self.envelope = envelope
        self.line = line
        self.refusal: Reply | None = None
        self.ends_at = 0


class Line:
    """The waiting messages to one mailbox provider; those to nobody in particular are a line too, without limits."""

    def __init__(self, shape: Shape | None) -> None:
        self.key = shape.key if shape else ""
        self.connections: float = shape.connections if shape else math.inf
        self.messages_per_connection: float = shape.messages_per_connection if shape else math.inf
        self.waiting: deque[Job] = deque()


class Batch:
    """Hands out the waiting messages to connections, until the deadline, and collects one receipt for each."""

    def __init__(self, envelopes: Sequence[Envelope], begin_before: float) -> None:
        self.begin_before = begin_before
        self._lines: dict[str, Line] = {}
        self._receipts: list[Receipt | None] = [None] * len(envelopes)
        for index, envelope in enumerate(envelopes):
            line = self._line(envelope.shape)
            line.waiting.append(Job(index, envelope, line))

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self.begin_before

    def next_line(self, served: Counter[str]) -> Line | None:
        """The line that one more connection should serve, by how many serve each: few first, then the longest."""
        wanting = [line for line in self._lines.values() if line.waiting and served[line.key] < line.connections]
        return min(wanting, key=lambda line: (served[line.key], -len(line.waiting))) if wanting else None

    def take(self, line: Line) -> Job | None:
        """The next message of a line to begin, or None when there is none or the time to begin is over."""
        return line.waiting.popleft() if line.waiting and not self.expired else None

    def put_back(self, job: Job) -> None:
        """A message whose connection went before it began: first in its line again."""
        job.refusal = None
        job.line.waiting.appendleft(job)

    def sent(self, job: Job, reply: Reply) -> None:
        text = classification.detail(reply.text[:_LONGEST_TEXT])
        self._receipts[job.index] = Receipt(job.envelope.message_id, Outcome.SENT, "", str(reply.code), text)

    def refused(self, job: Job, reply: Reply) -> None:
        """By the server's own words: TRANSIENT for 4xx, PERMANENT for 5xx."""
        text = reply.text[:_LONGEST_TEXT]
        status = classification.enhanced_status(text)
        self._receipts[job.index] = Receipt(
            job.envelope.message_id,
            Outcome.PERMANENT if reply.code >= 500 else Outcome.TRANSIENT,
            classification.classify(reply.code, status, text),
            f"{reply.code} {status}" if status else str(reply.code),
            classification.detail(text),
            classification.retry_after(text),
        )

    def broke_off(self, job: Job, outcome: Outcome, broken: Broken) -> None:
        """The connection was lost, or never stood: `outcome` says how far the message had come."""
        if outcome is Outcome.TRANSIENT and broken.reply and 400 <= broken.reply.code < 500:
            self.refused(job, broken.reply)
            return
        category = {Outcome.TRANSIENT: Category.TRANSIENT, Outcome.UNKNOWN: Category.UNKNOWN}.get(outcome, "")
        words = classification.detail(broken.why[:_LONGEST_TEXT])
        again_s = 0 if isinstance(broken, TimeOver) else None
        self._receipts[job.index] = Receipt(job.envelope.message_id, outcome, category, broken.code, words, again_s)

    def receipts(self, why_not_begun: Broken) -> list[Receipt]:
        """All receipts in the order of the envelopes; what still waits was not begun."""
        for line in self._lines.values():
            while line.waiting:
                self.broke_off(line.waiting.popleft(), Outcome.NOT_BEGUN, why_not_begun)
        return [receipt for receipt in self._receipts if receipt]

    def _line(self, shape: Shape | None) -> Line:
        key = shape.key if shape else ""
        if key not in self._lines:
            self._lines[key] = Line(shape)
        return self._lines[key]


_UNSAFE_PATH = re.compile(r"[\s<>\x00-\x1f\x7f]")


def unsendable(envelope: Envelope, features: Features) -> Reply | None:
    """Why this server cannot take this message at all, in the words it would use itself."""
    if _UNSAFE_PATH.search(envelope.mail_from) or _UNSAFE_PATH.search(envelope.rcpt_to) or not envelope.rcpt_to:
        return Reply(553, "5.6.0 an address of this message cannot be written in an SMTP command")
    if needs_utf8(envelope) and "SMTPUTF8" not in features:
        return Reply(553, "5.6.7 the address is not ASCII and the server does not offer SMTPUTF8")
    if not envelope.data.isascii() and "8BITMIME" not in features:
        return Reply(554, "5.6.3 the message is 8-bit and the server does not offer 8BITMIME")
    limit = features.get("SIZE", "")
    if limit.isdigit() and 0 < int(limit) < len(envelope.data):
        return Reply(552, f"5.3.4 the message has {len(envelope.data)} bytes, the server takes {limit}")
    return None


def needs_utf8(envelope: Envelope) -> bool:
    return not (envelope.rcpt_to.isascii() and envelope.mail_from.isascii())
