"""Addresses in a message: what kind one is, and how contact data may go into one (STANDARDS B8.6, A11.10)."""

import re
from collections.abc import Callable
from html import unescape
from html.entities import html5
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from liquid.exceptions import FilterArgumentError
from markupsafe import Markup

Kind = Literal["web", "other", "nowhere", "relative", "broken", "forbidden"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_UNCLICKED = frozenset({"mailto", "tel", "sms"})
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|([A-Za-z][A-Za-z0-9]*)(;?))(=?)")
_RESERVED = ":/?#[]@!$&'()*+,;=%"  # what an address that is already one may keep as it is
_UNFIT = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")
_CSS_ENDS = {ord(char): f"%{ord(char):02X}" for char in "'()"}
_CSS = re.compile(r"[\w#%., +-]*")


def kind_of(url: str) -> Kind:
    """What an address is good for: only `web` ones (http, https) are counted links, `other` are mailto:, tel:, sms:."""
    if not url or url.startswith("#"):
        return "nowhere"
    scheme = _SCHEME.match(url)
    if not scheme:
        return "relative"
    name = scheme[1].lower()
    if name in _UNCLICKED:
        return "other"
    if name not in {"http", "https"}:
        return "forbidden"
    return "web" if _has_host(url) else "broken"


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not _UNFIT.search(url)
    except ValueError:
        return False


def checked(url: str) -> str:
    """A rendered address, if it leads where a mail may lead. Blank becomes `#`.

    Raises FilterArgumentError for any other scheme, `javascript:` first of all.
    """
    url = url.strip()
    if kind_of(url) in {"web", "other"}:
        return url
    if not url or url.startswith("#"):
        return url or "#"
    raise FilterArgumentError(f"{url[:60]!r} is not an address a mail may link to", token=None)


def unescape_attribute(value: str) -> str:
    """The text behind a quoted attribute value, by the rules for attributes.

    There `&copy=1` is no copyright sign: a name without its semicolon counts only when no letter, digit
    or `=` follows. https://html.spec.whatwg.org/multipage/parsing.html#named-character-reference-state
    """
    return _REFERENCE.sub(_resolve, value) if "&" in value else value


def _resolve(match: re.Match[str]) -> str:
    name, semicolon, equals = match[1], match[2], match[3]
    reference = match[0][: len(match[0]) - len(equals)]
    if name and not semicolon and (equals or name not in html5):
        return match[0]
    return unescape(reference) + equals


def _plain(value: Any) -> str:
    """What a filter was given, without the escaping that Markup has had."""
    return unescape_attribute(str(value)) if isinstance(value, Markup) else str(value)


class EncodedText(Markup):
    """Text that `url_encode` has already made safe for any part of an address."""


def url_encode(value: object) -> EncodedText:
    """Filter `url_encode`: as one part of an address; nothing in it can end that part or begin another."""
    return EncodedText(quote(_plain(value), safe="", errors="replace"))


def part(value: Any) -> str:
    """Filter `_url_part`: contact data that stands after the beginning of an address."""
    return value if isinstance(value, EncodedText) else url_encode(value)


def whole(value: Any) -> str:
    """Filter `_url`: contact data with which an address begins; it must be one itself, blank stays blank."""
    url = quote(_plain(value).strip(), safe=_RESERVED, errors="replace")
    if url and kind_of(url) not in {"web", "other"}:
        raise FilterArgumentError(f"{url[:60]!r} is not an address a mail may link to", token=None)
    return url


def css(value: Any) -> str:
    """Filter `_css`: contact data in a style attribute; what is more than a word, colour or size is left out."""
    text = _plain(value)
    return text if _CSS.fullmatch(text) else ""


def css_url(value: Any) -> str:
    """Filter `_css_url`: as `whole`, inside url(…) of a style attribute, which neither quotes nor brackets may end."""
    return whole(value).translate(_CSS_ENDS)


FILTERS: dict[str, Callable[..., Any]] = {"_url": whole, "_url_part": part, "_css": css, "_css_url": css_url}
