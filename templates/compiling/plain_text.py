"""The text part made from HTML: what a reader without HTML needs, in order, with its links.

It reads protected HTML, so Liquid goes through it as marks. A Liquid tag is kept wherever it stands, hidden
places and comments included, since its block may enclose text that is shown.
"""

import re
from collections.abc import Mapping
from html import unescape

from templates.compiling.links import Address
from templates.compiling.markup import VOID, Attribute, Token, tokens
from templates.compiling.source import MARK, Piece, literal, piece_of
from templates.dialect import hrefs

_SKIPPED = frozenset({"head", "title", "style", "script", "noscript", "template", "svg", "object", "select"})
_PARAGRAPHS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 table ul ol dl blockquote pre hr article section header footer figure form".split()
)
_LINES = frozenset("tr li dt dd address center caption option body".split())
_CELLS = frozenset({"td", "th"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\xa0\u200b-\u200d\u2060\ufeff\u034f\u00ad\u200a]+")
_BLANK_LINES = re.compile(r"[ \t]*\n[ \t]*(?:\n[ \t]*)+")


def from_html(text: str, known: list[Piece], addresses: Mapping[Attribute, Address]) -> str:
    """Liquid for the text part. `addresses` are the static web links and those with Liquid in them."""
    writer = _Writer(text, known, addresses)
    for token in tokens(text):
        writer.read(token)
    return writer.text()


class _Writer:
    def __init__(self, source: str, known: list[Piece], addresses: Mapping[Attribute, Address]) -> None:
        self.source = source
        self.known = known
        self.addresses = addresses
        self.parts: list[str] = []
        self.newlines = 0  # to be written before the next text
        self.space = False
        self.fresh = True  # nothing stands on this line yet
        self.hidden: list[str] = []  # open elements, from the first hidden one inwards
        self.lists: list[int | None] = []
        self.links: list[tuple[Address, int]] = []  # and where in `parts` its text begins

    def text(self) -> str:
        return "".join(self.parts).strip()

    def read(self, token: Token) -> None:
        if token.kind == "text":
            self._text(self.source[token.start : token.end])
        elif token.kind in {"open", "close"} and self.hidden:
            self._in_hidden(token)
        elif token.kind == "open":
            self._open(token)
        elif token.kind == "close":
            self._close(token.name)
        else:
            self._tags(self.source[token.start : token.end])

    def _in_hidden(self, token: Token) -> None:
        if token.kind == "open" and token.name not in VOID and not token.self_closing:
            self.hidden.append(token.name)
        elif token.kind == "close" and token.name in self.hidden:
            while self.hidden.pop() != token.name:
                pass

    def _text(self, text: str) -> None:
        if self.hidden:
            self._tags(text)
            return
        for part in re.split(f"({MARK.pattern})", text):
            if MARK.match(part):
                self._liquid(piece_of(part, self.known))
            elif part:
                self._words(unescape(part))

    def _words(self, text: str) -> None:
        words = _SPACES.sub(" ", text)
        self.space = self.space or words.startswith(" ")
        if words.strip(" "):
            self._write(literal(words.strip(" ")))
            self.space = words.endswith(" ")

    def _write(self, text: str) -> None:
        self._gap()
        self.parts.append(text)
        self.fresh = False

    def _gap(self) -> None:
        """The line ends or the space that are due."""
        if self.newlines:
            self.parts.append("\n" * self.newlines if self.parts else "")
            self.fresh = True
        elif self.space and not self.fresh:
            self.parts.append(" ")
        self.newlines = 0
        self.space = False

    def _liquid(self, piece: Piece) -> None:
        if piece.kind == "tag":
            self._gap()
            self.parts.append(piece.text)
        else:
            self._write(piece.text)

    def _tags(self, text: str) -> None:
        for mark in MARK.findall(text):
            if piece_of(mark, self.known).kind == "tag":
                self._liquid(piece_of(mark, self.known))

    def _open(self, token: Token) -> None:
        style = token.get("style")
        if token.name in _SKIPPED or token.get("hidden") or (style and _HIDDEN.search(style.value or "")):
            if token.name not in VOID and not token.self_closing:
                self.hidden.append(token.name)
            return
        self._break(token.name)
        match token.name:
            case "a":
                self._link(token)
            case "hr":
                self._write("---")
                self.newlines = 2
            case "img":
                alt = token.get("alt")
                self._text(alt.value or "" if alt else "")
            case "li":
                self._item()
            case "ol" | "ul":
                self.lists.append(1 if token.name == "ol" else None)

    def _close(self, name: str) -> None:
        if name == "a" and self.links:
            self._end_link()
        elif name in {"ul", "ol"} and self.lists:
            self.lists.pop()
        self._break(name)

    def _break(self, name: str) -> None:
        if name in _PARAGRAPHS:
            self.newlines = max(self.newlines, 1 if self.lists else 2)
        elif name in _LINES:
            self.newlines = max(self.newlines, 1)
        elif name == "br":
            self.newlines = min(self.newlines + 1, 2)
        elif name in _CELLS:
            self.space = True

    def _item(self) -> None:
        number = self.lists[-1] if self.lists else None
        if number is not None:
            self.lists[-1] = number + 1
        self._write("  " * (len(self.lists) - 1) + (f"{number}. " if number is not None else "- "))
        self.fresh = True  # what follows needs no space before it

    def _link(self, token: Token) -> None:
        href = token.get("href")
        address = self.addresses.get(href) or self._plain_address(href) if href else Address("", "")
        self.links.append((address, len(self.parts)))

    def _plain_address(self, href: Attribute) -> Address:
        """An address that is nothing to us, such as mailto:, as a reader writes it."""
        url = hrefs.unescape_attribute(href.value or "").strip()
        url = "" if url.startswith("#") else re.sub(r"^(mailto|tel|sms):", "", url, flags=re.IGNORECASE)
        return Address("", literal(url), url)

    def _end_link(self) -> None:
        """The address after what the link says, in angle brackets (RFC 3986, appendix C), or alone."""
        address, start = self.links.pop()
        label = "".join(self.parts[start:]).strip()
        if address.url and label == literal(address.url):
            del self.parts[start + self.parts[start].isspace() :]  # the gap before the label stays
            label = ""
        if address.text:
            self.space = self.space or bool(label)
            self._write(f"<{address.text}>" if label else address.text)
