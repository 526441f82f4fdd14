"""Bodies as bytes that any server carries: 7bit where the text allows it, else quoted-printable, else base64.

No line begins with a dot, so that SMTP has nothing to double: looking through 20 kB for that would take 20 us.

A body in pieces is quoted-printable, and what many messages share of it is encoded once: a piece begins and ends
with its line, by a soft break where the text has none, so the pieces' bytes can be joined.
"""

import codecs
import re
from base64 import encodebytes
from collections.abc import Sequence
from functools import lru_cache

from templates.pieces import Static

_MAX_LINE = 998
_QP_LINE = 75  # of 76: there is room for a soft break behind any line
_BLANK = (b" ", b"\t")
_CONTROLS = bytes(set(range(32)) - {9, 10}) + b"\x7f"
# As much of a line as fits, with a dot at its beginning escaped, never ending inside an escape such as =3D.
# One findall over the line is three times as quick as binascii.b2a_qp: 25 us instead of 80 for 20 kB.
_SOFT_LINES = re.compile(rb".{1,73}(?<!=)(?<!=.)", re.DOTALL)
_ESCAPES = [f"={byte:02X}" for byte in range(256)]
_TO_ESCAPE = {ord("="): "=3D", **{byte: _ESCAPES[byte] for byte in _CONTROLS}}


@lru_cache(maxsize=4096)  # a text repeats its few accented letters: this halves the cost of an escape
def _escaped_run(run: str) -> str:
    return "".join([_ESCAPES[byte] for byte in run.encode()])


def _escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    end = error.end
    return _escaped_run(error.object[error.start : end]), end


# The ASCII codec finds what is to be escaped at C speed and asks us only there.
codecs.register_error("postrider.quoted_printable", _escape)


def encode(pieces: Sequence[str]) -> tuple[str, bytes]:
    """The transfer encoding and the bytes of a text: CRLF line ends, 7-bit, lines at most 998 (76 when encoded)."""
    if 2 * sum([len(piece) for piece in pieces if type(piece) is Static]) > sum(map(len, pieces)):
        return "quoted-printable", _joined(pieces)
    return _encode_whole("".join(pieces))


def _joined(pieces: Sequence[str]) -> bytes:
    """What is the same in all messages costs a look-up, not an encoding."""
    return b"".join([_static(piece) if type(piece) is Static else _own(piece) for piece in pieces])


@lru_cache(maxsize=1024)  # some 60 versions' worth
def _static(piece: Static) -> bytes:
    return _ended(_quoted(piece))


def _own(piece: str) -> bytes:
    """A piece of this message alone, mostly a name or an address, with nothing in it to escape."""
    if len(piece) <= _QP_LINE and piece.isascii() and piece.isprintable() and "=" not in piece and piece[:1] != ".":
        return piece.encode() + b"=\r\n"
    return _ended(_quoted(_with_newlines(piece)))


def _ended(encoded: bytes) -> bytes:
    return encoded if encoded.endswith(b"\n") else encoded + b"=\r\n"


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _encode_whole(text: str) -> tuple[str, bytes]:
    text = _with_newlines(text)
    raw = text.encode()
    if 6 * (len(raw) - len(text)) > len(raw):  # three bytes a byte would be the larger of the two
        return "base64", encodebytes(raw.replace(b"\n", b"\r\n"))[:-1].replace(b"\n", b"\r\n")
    if len(raw) == len(text) and not _has_controls(raw):
        lines = raw.split(b"\n")
        if max(map(len, lines)) <= _MAX_LINE and not any(line.startswith(b".") for line in lines):
            return "7bit", b"\r\n".join(lines)
    return "quoted-printable", _quoted(text)


def _has_controls(raw: bytes) -> bool:
    return len(raw.translate(None, _CONTROLS)) != len(raw)


def _quoted(text: str) -> bytes:
    escaped = text.replace("=", "=3D").encode("ascii", "postrider.quoted_printable")
    if _has_controls(escaped):
        escaped = text.translate(_TO_ESCAPE).encode("ascii", "postrider.quoted_printable")
    return b"\r\n".join(
        [
            line if len(line) <= _QP_LINE and line[-1:] not in _BLANK and line[:1] != b"." else _soft(line)
            for line in escaped.split(b"\n")
        ]
    )


def _soft(line: bytes) -> bytes:
    """One line with soft breaks. A blank at its end is kept from being stripped by one more break after it."""
    chunks = [b"=2E" + chunk[1:] if chunk[:1] == b"." else chunk for chunk in _SOFT_LINES.findall(line)]
    if line[-1:] in _BLANK:
        chunks.append(b"")
    return b"=\r\n".join(chunks)
