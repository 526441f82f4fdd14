"""One connection of the sink. Pipelined commands are answered in one write."""

import asyncio
import os
import re

from delivery.sink.script import Misbehaviour, Script, Step

_END = b"\r\n.\r\n"
_HEAD = 4096
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(rb"<([^>]*)>")
_TAKEN = b"250 2.0.0 Ok\r\n"
_NOBODY = b"554 5.5.1 no valid recipients\r\n"
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


class Session(asyncio.Protocol):
    """`record` is a file descriptor, `delay` the seconds before each 250 to a message."""

    def __init__(self, record: int, delay: float, script: Script) -> None:
        self._record = record
        self._delay = delay
        self._script = script
        self._rest = b""
        self._head: bytes | None = None  # the start of the message being received; None between messages
        self._recipient = b""
        self._refused = False
        self._waiting = False  # with the answer that is due
        self._leaving = False

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
        while not (self._waiting or self._leaving):
            answer = self._command() if self._head is None else self._message()
            if answer is None:
                break
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))
        if self._leaving:
            self._transport.close()

    def _command(self) -> bytes | None:
        line, end, rest = self._rest.partition(b"\r\n")
        if not end:
            return None
        self._rest = rest
        verb = line[:4].upper()
        if verb == b"MAIL":
            self._refused = False
        if verb == b"RCPT":
            return self._name(line)
        if verb == b"DATA":
            return self._begin_data(rest)
        self._leaving = verb == b"QUIT"
        return _ANSWERS.get(verb, b"502 5.5.1 not implemented\r\n")

    def _name(self, line: bytes) -> bytes | None:
        found = _RECIPIENT.search(line)
        self._recipient = found[1] if found else b""
        met = self._meet("RCPT")
        self._refused = met is not None
        return self._misbehave(met) if met else _ANSWERS[b"RCPT"]

    def _begin_data(self, rest: bytes) -> bytes | None:
        if self._refused:
            return _NOBODY
        if met := self._meet("DATA"):
            return self._misbehave(met)
        self._head = b""
        self._rest = b"\r\n" + rest  # so that an empty message ends in the same way
        return _ANSWERS[b"DATA"]

    def _message(self) -> bytes | None:
        assert self._head is not None
        if len(self._rest) > 2 and (met := self._meet("BODY")):
            return self._misbehave(met)
        end = self._rest.find(_END)
        if len(self._head) < _HEAD:
            self._head += self._rest[: end if end >= 0 else len(self._rest) - len(_END)][:_HEAD]
        if end < 0:
            self._rest = self._rest[-len(_END) :]
            return None
        self._rest = self._rest[end + len(_END) :]
        head, self._head = self._head, None
        met = self._meet("DOT")
        if met is None or met.accepts:
            self._accept(head)
        if met:
            return self._misbehave(met)
        return self._after(self._delay, _TAKEN)

    def _meet(self, at: Step) -> Misbehaviour | None:
        return self._script.next(at, self._recipient)

    def _misbehave(self, met: Misbehaviour) -> bytes | None:
        usual = _TAKEN if met.delay_ms else b""
        words = met.reply.replace("{to}", self._recipient.decode("latin-1"))
        reply = f"{words}\r\n".encode("latin-1") if words else usual
        self._leaving = met.drop and not met.delay_ms
        return self._after(met.delay_ms / 1000, reply)

    def _after(self, seconds: float, reply: bytes) -> bytes | None:
        if not seconds:
            return reply
        self._waiting = True
        asyncio.get_running_loop().call_later(seconds, self._answer_late, reply)
        return None

    def _answer_late(self, reply: bytes) -> None:
        self._waiting = False
        self._transport.write(reply)
        self._go_on()

    def _accept(self, head: bytes) -> None:
        found = _MESSAGE_ID.search(head)
        os.write(self._record, b"%b\t%b\n" % (found[1] if found else b"-", self._recipient))
