"""Header lines by RFC 5322, 2047 and 6532: folded, quoted, encoded only where the text needs it."""

import re
from base64 import b64encode

import idna

from config.lib.errors import DomainError

_LINE = 76  # RFC 2047: a line that holds an encoded word is at most 76 wide
_WORD = len("=?utf-8?b??=")
_UNSAFE = re.compile(r"[\r\n\0]")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,60}\Z")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_DOT_ATOM = r"[^\x00-\x20\x7f()<>@,;:\\\".\[\]\s]+(?:\.[^\x00-\x20\x7f()<>@,;:\\\".\[\]\s]+)*"
_MAILBOX = re.compile(rf"{_DOT_ATOM}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?)+\Z")
_LOCAL = re.compile(rf"{_DOT_ATOM}\Z")
_NO_LOCAL = re.compile(r"[\s@<>\x00-\x20\x7f]|\A\Z")
_CONTROLS = re.compile(r"[\x01-\x1f\x7f]")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+\Z")
_URI = re.compile(r"https?://[!-;=?-~]{1,960}\Z")


class BadHeader(DomainError):
    """A header of this message cannot be written."""

    code = "bad_header"
    status = 422


class HeaderInjection(BadHeader):
    """A line break or NUL in a header value: it would end the header and begin another."""

    code = "header_injection"


def refuse_injection(value: str) -> None:
    """Raises HeaderInjection when the value could end its header."""
    if _UNSAFE.search(value):
        raise HeaderInjection


def text_field(name: str, text: str) -> str:
    """`Name: text`, folded, with its CRLF; a control character becomes a space.

    Raises HeaderInjection, or BadHeader on an impossible name.
    """
    if not _FIELD_NAME.match(name):
        raise BadHeader(f"{name!r} is not the name of a header")
    refuse_injection(text)
    if not text.isprintable():
        text = _CONTROLS.sub(" ", text)
    return f"{name}: {_phrase(text, len(name) + 2)}\r\n"


def address_field(name: str, display: str, email: str) -> str:
    """`Name: display <email>`, folded, with its CRLF. The display name is quoted or encoded where it must be.

    Raises HeaderInjection, or BadHeader when `email` is not one address.
    """
    return _bracketed(name, display, mailbox(email)) if display else f"{name}: {mailbox(email)}\r\n"


def list_id_field(display: str, identifier: str) -> str:
    """`List-Id: display <identifier>` by RFC 2919. Raises HeaderInjection, or BadHeader on a bad identifier."""
    if not _IDENTIFIER.match(identifier):
        raise BadHeader(f"{identifier!r} is not a list id: write it like weekly.example.com")
    return _bracketed("List-Id", display, identifier)


def _bracketed(name: str, display: str, inner: str) -> str:
    refuse_injection(display)
    column = len(name) + 2
    phrase = _display(" ".join(_CONTROLS.sub(" ", display).split()), column)
    end = column + len(phrase) if "\n" not in phrase else len(phrase) - phrase.rfind("\n") - 1
    fold = "\r\n" if end + len(inner) + 3 > _LINE else ""
    return f"{name}: {phrase}{fold} <{inner}>\r\n"


def uri_field(name: str, uri: str) -> str:
    """`Name: <uri>` on one line whatever its length: a fold inside it breaks signatures (STANDARDS A1.5)."""
    refuse_injection(uri)
    if not _URI.match(uri):
        raise BadHeader(f"{name} needs one http(s) address of at most 960 characters, without spaces")
    return f"{name}: <{uri}>\r\n"


def mailbox(email: str) -> str:
    """The address as it stands in a header: domain as A-label, an unusual local part quoted."""
    if email.isascii() and _MAILBOX.match(email):
        return email
    refuse_injection(email)
    local, _, domain = email.rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise BadHeader("The domain of an address is not valid") from None
    if _NO_LOCAL.search(local) or len(domain) > 253:
        raise BadHeader("An address is a name, an @ and a domain")
    return f"{local if _LOCAL.match(local) else _quoted(local)}@{domain}"


def _display(display: str, column: int) -> str:
    if display.isascii() and display.isprintable() and "=?" not in display and column + len(display) <= _LINE - 2:
        return display if _ATOMS.match(display) else _quoted(display)
    return _encoded(display, column)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _phrase(text: str, column: int) -> str:
    """Plain text as it is when it fits, folded at its spaces when it is long, else in encoded words."""
    if not (text.isascii() and text.isprintable() and "=?" not in text and text == text.strip()):
        return _encoded(text, column)
    if column + len(text) <= _LINE:
        return text
    words = text.split(" ")
    if "" in words or max(map(len, words)) > _LINE - column:
        return _encoded(text, column)
    return _folded(words, column)


def _folded(words: list[str], column: int) -> str:
    lines = [words[0]]
    for word in words[1:]:
        if column + len(lines[-1]) + 1 + len(word) <= _LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            column = 1
    return "\r\n ".join(lines)


def _encoded(text: str, column: int) -> str:
    """Base64 encoded words, each whole in itself: no character is cut in two."""
    raw, start, words = text.encode(), 0, []
    while start < len(raw):
        end = start + max(_LINE - column - _WORD, 8) // 4 * 3
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # a continuation byte: step back to its first
            end -= 1
        words.append(f"=?utf-8?b?{b64encode(raw[start:end]).decode()}?=")
        start, column = end, 1
    return "\r\n ".join(words)
