"""What an SMTP server says: bytes in, replies out."""

from collections.abc import Iterator
from typing import NamedTuple

_MAX_LINE = 8192
_MAX_LINES = 200


class Reply(NamedTuple):
    """One reply, its lines joined by line breaks."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300


class Broken(Exception):
    """The connection is of no more use, and why; `reply` is the server's last word if it said one."""

    def __init__(self, why: str, reply: Reply | None = None) -> None:
        self.why = f"{why}: {reply.code} {reply.text}" if reply else why
        self.reply = reply
        super().__init__(self.why)

    @property
    def code(self) -> str:
        return str(self.reply.code) if self.reply else ""


class TimeOver(Broken):
    """Nothing is wrong with the server: the time in which messages may begin was over."""

    def __init__(self) -> None:
        super().__init__("the time to begin was over")


class ReplyReader:
    """Collects bytes and yields whole replies. Raises Broken on what is not SMTP, after the replies before it."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    @property
    def empty(self) -> bool:
        return not self._rest and not self._lines

    def feed(self, data: bytes) -> Iterator[Reply]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if reply := self._line(line):
                yield reply
        if len(self._rest) > _MAX_LINE:
            raise Broken("the server sent a line without end")

    def _line(self, line: bytes) -> Reply | None:
        code, mark = line[:3], line[3:4]
        if not (code.isdigit() and b"200" <= code < b"600" and mark in (b" ", b"-", b"\r", b"")):
            raise Broken("the server did not speak SMTP")
        if mark == b"-":
            self._lines.append(line[4:])
            if len(self._lines) > _MAX_LINES:
                raise Broken("the server sent a reply without end")
            return None
        text = b"\n".join([*self._lines, line[4:]]) if self._lines else line[4:]
        self._lines = []
        return Reply(int(code), text.decode("utf-8", "replace").strip())
