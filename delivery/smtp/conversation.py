"""The dialogue of one open connection, without its socket: replies in, bytes out.

With PIPELINING (RFC 2920) the end of one message and MAIL, RCPT, DATA of the next leave in one write, so a kept
connection costs one round trip a message; without it, one command at a time. What is known of a message when the
connection breaks follows from how far our own bytes had gone: `ends_at` and `gone` count them.
"""

from collections import Counter, deque
from enum import Enum, auto

from delivery.providers.base import Outcome
from delivery.smtp.batch import Batch, Job, Line, needs_utf8, unsendable
from delivery.smtp.config import Config
from delivery.smtp.opening import Features
from delivery.smtp.replies import Broken, Reply, TimeOver


class Step(Enum):
    """What a reply answers."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    MESSAGE = auto()
    EMPTY_MESSAGE = auto()  # the lone dot after a 354 that came although nobody accepted


class Conversation:
    """`gone` and `unsent` belong to the one who owns the socket: how many bytes have left, and which are next.

    `proven`: this server has given a verdict here. `closing`: no further message is begun here. `line`: whose messages
    it begins now; when there is none left, it may be given another.
    """

    def __init__(self, features: Features, config: Config) -> None:
        self.unsent = b""
        self.gone = 0
        self.closing = False
        self._features = features
        self._config = config
        self._pipelining = "PIPELINING" in features
        self._todo: deque[tuple[Step, Job, bytes]] = deque()
        self._expected: deque[tuple[Step, Job]] = deque()
        self._in_flight: list[Job] = []
        self._begun = 0
        self._begun_for: Counter[str] = Counter()
        self.proven = False
        self._reset_due = False
        self._batch = Batch((), 0)
        self.line = Line(None)

    @property
    def busy(self) -> bool:
        return bool(self._in_flight or self._expected)

    @property
    def patience(self) -> float:
        """How many seconds the next reply may take."""
        step = self._expected[0][0] if self._expected else Step.MAIL
        if step in (Step.MESSAGE, Step.EMPTY_MESSAGE):
            return self._config.reply_timeout
        return self._config.data_timeout if step is Step.DATA else self._config.command_timeout

    def start(self, batch: Batch, line: Line) -> None:
        """Begin the first message of this line; the following ones come by themselves."""
        self._batch, self.line = batch, line
        self._begin_next()
        self._write()

    def take(self, reply: Reply) -> None:
        """What follows from one reply. Raises Broken when the connection is of no more use."""
        if not self._expected:
            raise Broken("unasked", reply)
        step, job = self._expected.popleft()
        self._ANSWERS[step](self, job, reply)
        if not self._in_flight and not self._todo:
            self._begin_next()
        self._write()

    def break_off(self, broken: Broken) -> None:
        """The connection is gone: settle what was in flight, by how far each message had come."""
        for job in reversed(self._in_flight):
            first = job is self._in_flight[0]
            if job.ends_at and self.gone >= job.ends_at:
                self._batch.broke_off(job, Outcome.UNKNOWN, broken)
            elif job.refusal:
                self._batch.refused(job, job.refusal)
            elif (self.proven or not first) and not job.ends_at:
                # The connection was closed under it, and nothing of it was begun. That ends: only a connection that
                # served a message gives one back, and the client gives up on a server that serves none.
                self._batch.put_back(job)
            else:
                self._batch.broke_off(job, Outcome.TRANSIENT, broken)
        self._in_flight.clear()
        self._expected.clear()

    def _begin_next(self) -> None:
        while not self.closing and (job := self._batch.take(self.line)):
            if problem := unsendable(job.envelope, self._features):
                self._batch.refused(job, problem)
                continue
            self._begin(job)
            return

    def _begin(self, job: Job) -> None:
        self._in_flight.append(job)
        self._begun += 1
        self._begun_for[self.line.key] += 1
        self.closing = (
            self._begun >= self._config.messages_per_connection
            or self._begun_for[self.line.key] >= self.line.messages_per_connection
        )
        if self._reset_due:
            self._todo.append((Step.RSET, job, b"RSET\r\n"))
            self._reset_due = False
        self._todo.append((Step.MAIL, job, self._mail(job)))
        self._todo.append((Step.RCPT, job, f"RCPT TO:<{job.envelope.rcpt_to}>\r\n".encode()))
        self._todo.append((Step.DATA, job, b"DATA\r\n"))

    def _mail(self, job: Job) -> bytes:
        envelope, options = job.envelope, ""
        if "SIZE" in self._features:
            options += f" SIZE={len(envelope.data)}"
        if not envelope.data.isascii():
            options += " BODY=8BITMIME"
        if needs_utf8(envelope):
            options += " SMTPUTF8"
        return f"MAIL FROM:<{envelope.mail_from}>{options}\r\n".encode()

    def _write(self) -> None:
        """Move what may leave now into `unsent`: all of it when pipelining, else one command a reply."""
        chunks = [self.unsent]
        end = self.gone + len(self.unsent)
        while self._todo and (self._pipelining or not self._expected):
            step, job, data = self._todo.popleft()
            chunks.append(data)
            end += len(data)
            if step is Step.MESSAGE:
                job.ends_at = end
            self._expected.append((step, job))
        if len(chunks) > 1:
            self.unsent = b"".join(chunks)

    def _on_reset(self, job: Job, reply: Reply) -> None:
        if not reply.positive:
            raise Broken("RSET was refused", reply)

    def _on_command(self, job: Job, reply: Reply) -> None:
        """MAIL or RCPT. A refusal is kept; with DATA already on its way the answer to that comes first."""
        if reply.positive:
            return
        self._refuse(job, reply)
        if self._todo:
            self._todo.clear()
            self._end_refused(job)

    def _on_data(self, job: Job, reply: Reply) -> None:
        if reply.code == 354 and not job.refusal:
            self._send_message(job)
        elif reply.code == 354:
            self._todo.append((Step.EMPTY_MESSAGE, job, b".\r\n"))
        else:
            self._refuse(job, reply)
            self._end_refused(job)

    def _on_empty_message(self, job: Job, reply: Reply) -> None:
        self._end_refused(job)

    def _on_message(self, job: Job, reply: Reply) -> None:
        """The final verdict. A positive one before our last byte has left is no verdict."""
        whole = self.gone >= job.ends_at
        if 300 <= reply.code < 400 or (reply.positive and not whole):
            raise Broken("that is no answer to a message", reply)
        self._in_flight.remove(job)
        self.proven = True
        if reply.positive:
            self._batch.sent(job, reply)
        else:
            self._batch.refused(job, reply)
            if reply.code == 421 or not whole:
                raise Broken("the server hung up", reply)

    _ANSWERS = {
        Step.RSET: _on_reset,
        Step.MAIL: _on_command,
        Step.RCPT: _on_command,
        Step.DATA: _on_data,
        Step.MESSAGE: _on_message,
        Step.EMPTY_MESSAGE: _on_empty_message,
    }

    def _send_message(self, job: Job) -> None:
        if self._batch.expired:  # there is no way back from a 354 but to hang up
            self._in_flight.remove(job)
            over = TimeOver()
            self._batch.broke_off(job, Outcome.NOT_BEGUN, over)
            raise over
        data = job.envelope.data
        if not job.envelope.dotless:
            data = _stuffed(data)
        self._todo.append((Step.MESSAGE, job, data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n")))
        if self._pipelining:
            self._begin_next()

    def _refuse(self, job: Job, reply: Reply) -> None:
        """Keep the first refusal of a message. A 421, or what is neither yes nor no, ends the connection."""
        if reply.code == 421 or reply.code < 400:
            raise Broken("the server hung up" if reply.code == 421 else "that is no answer", reply)
        job.refusal = job.refusal or reply

    def _end_refused(self, job: Job) -> None:
        assert job.refusal
        self._in_flight.remove(job)
        self._batch.refused(job, job.refusal)
        self._reset_due = self.proven = True


def _stuffed(data: bytes) -> bytes:
    """With each dot at the beginning of a line doubled (RFC 5321 4.5.2)."""
    return (b"." if data.startswith(b".") else b"") + data.replace(b"\r\n.", b"\r\n..")
