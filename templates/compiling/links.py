"""Addresses in the HTML: static links become slots, addresses with Liquid in them are guarded (STANDARDS A11.10).

`<a href="https://…">` becomes `{% _slot n %}`, filled for each message. An address with Liquid becomes
`{% _url href %}…{% end_url %}`, checked when rendered. Everything else keeps its bytes: mailto:, tel:, sms:,
fragments, and all that is in comments, conditional comments for Outlook included.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from templates.compiling.markup import Attribute, Token, tokens
from templates.compiling.source import MARK, Piece, literal, piece_of
from templates.compiling.spots import URL_ATTRIBUTES, Spot
from templates.dialect import hrefs
from templates.findings import Findings

_LINK_ELEMENTS = frozenset({"a", "area"})
_PLAIN_URL = re.compile(rf"https?://[^\s<>\"{MARK.pattern[1:-1]}]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'*_"
_OURS = frozenset({"links.unsubscribe", "links.view", "unsubscribe_url"})
_CSS_URL = re.compile(r"url\(\s*(?:['\"]|&quot;|&#39;)?(?P<begun>[^'\")&;]*)$", re.IGNORECASE)
_CLOSING = re.compile(r"\s*-?[%}]\}$")


@dataclass(frozen=True)
class Link:
    """A static link: its slot in the compiled texts, its address, and what the reader sees."""

    slot: int
    url: str
    text: str

    @property
    def tag(self) -> str:
        return f"{{% _slot {self.slot} %}}"


@dataclass
class Slots:
    """The static links of one content, numbered in order."""

    links: list[Link] = field(default_factory=list)

    def add(self, url: str, text: str) -> Link:
        link = Link(len(self.links), url, " ".join(text.split())[:255])
        self.links.append(link)
        return link

    def same(self, url: str) -> Link:
        """The first link with this address, a new one when there is none."""
        return next((link for link in self.links if link.url == url), None) or self.add(url, url)


@dataclass(frozen=True)
class Edit:
    start: int
    end: int
    text: str


def woven(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; they do not overlap."""
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        parts += text[done : edit.start], edit.text
        done = edit.end
    return "".join((*parts, text[done:]))


def restored(text: str, known: list[Piece]) -> str:
    """Protected text with its Liquid back as the author wrote it."""
    return MARK.sub(lambda match: piece_of(match[0], known).text, text)


@dataclass(frozen=True)
class Address:
    """What is written for an address in the HTML and in the text part; `url` only when it is static."""

    html: str
    text: str
    url: str = ""


def static_links(text: str, known: list[Piece], slots: Slots) -> dict[Attribute, Address]:
    """The static web links in protected HTML, by the attribute that holds them."""
    addresses: dict[Attribute, Address] = {}
    found = list(tokens(text))
    for index, token in enumerate(found):
        href = token.get("href") if token.kind == "open" and token.name in _LINK_ELEMENTS else None
        if href and href.value and href.quote and not MARK.search(href.value):
            url = hrefs.unescape_attribute(href.value).strip()
            if hrefs.kind_of(url) == "web":
                link = slots.add(url, restored(_label(text, found[index + 1 :]), known))
                addresses[href] = Address(link.tag, link.tag, url)
    return addresses


def _label(text: str, following: list[Token]) -> str:
    """What stands between <a> and </a>: its text, and what its images say."""
    parts: list[str] = []
    for token in following:
        if token.name == "a":
            break
        if token.kind == "text":
            parts.append(text[token.start : token.end])
        elif token.name == "img" and (alt := token.get("alt")):
            parts.append(alt.value or "")
    return hrefs.unescape_attribute(" ".join(parts))


def liquid_addresses(spots: list[Spot], findings: Findings) -> dict[Attribute, Address]:
    """The addresses with Liquid in them, guarded, by the attribute that holds them."""
    in_urls = [spot for spot in spots if spot.attribute and spot.attribute.name in URL_ATTRIBUTES]
    groups = groupby(in_urls, key=lambda spot: spot.attribute)
    return {attribute: _guarded(attribute, list(group), findings) for attribute, group in groups if attribute}


def elsewhere(spots: list[Spot]) -> Iterator[Edit]:
    """The edits that put Liquid back where it stands in no address."""
    for spot in spots:
        if not (spot.attribute and spot.attribute.name in URL_ATTRIBUTES):
            yield Edit(spot.offset, spot.offset + 1, _filtered(spot.piece, _style_filter(spot)))


def _style_filter(spot: Spot) -> str:
    """In a style attribute contact data is a plain value, or an address (or part of one) inside url(…)."""
    if not (spot.prints and spot.attribute and spot.attribute.name == "style"):
        return ""
    before = (spot.attribute.value or "")[: spot.offset - spot.attribute.value_start]
    inside_url = _CSS_URL.search(before)
    if not inside_url:
        return "_css"
    return "_url_part" if inside_url["begun"] else "_css_url"


def _filtered(piece: Piece, name: str) -> str:
    closing = _CLOSING.search(piece.text) if name else None
    return f"{piece.text[: closing.start()]} | {name}{closing[0]}" if closing else piece.text


def _guarded(attribute: Attribute, spots: list[Spot], findings: Findings) -> Address:
    if len(spots) == 1 and attribute.value and len(attribute.value) == 1 and spots[0].piece.expression in _OURS:
        return Address(spots[0].piece.text, spots[0].piece.text)
    _check_beginning(attribute, spots, findings)
    in_comment = spots[0].state[0] == "comment"
    element = spots[0].state[1 if in_comment else 0]
    link = attribute.name == "href" and element in _LINK_ELEMENTS and not in_comment
    html: list[str] = []
    text: list[str] = []
    begun, at = _Begun(attribute), attribute.value_start
    value, start = attribute.value or "", attribute.value_start
    for spot in spots:
        static = value[at - start : spot.offset - start]
        liquid = _filtered(spot.piece, begun.filter_for(spot))
        html += static, liquid
        text += literal(hrefs.unescape_attribute(static)), liquid
        at = spot.offset + 1
    html.append(value[at - start :])
    text.append(literal(hrefs.unescape_attribute(value[at - start :])))
    opening = f"{{% _url {'href' if link else 'src'} %}}"
    return Address(f"{opening}{''.join(html)}{{% end_url %}}", f"{opening}{''.join(text)}{{% end_url %}}")


def _check_beginning(attribute: Attribute, spots: list[Spot], findings: Findings) -> None:
    """`/path/{{ x }}` or `java{{ x }}` is no address whatever x is."""
    prefix = MARK.split(attribute.value or "", maxsplit=1)[0].strip()
    kind = hrefs.kind_of(hrefs.unescape_attribute(prefix) + "x") if prefix else "web"
    if kind not in {"web", "other", "nowhere"} and spots[0].prints:
        findings.add("E022", f"the address begins with {prefix[:60]!r}", spots[0].piece.place)


class _Begun:
    """Whether an address has begun before a piece, on the way through the branches that leads to it."""

    def __init__(self, attribute: Attribute) -> None:
        self.attribute = attribute
        self.now = False
        self.done = attribute.value_start
        self.capturing = 0
        self.blocks: list[tuple[bool, bool]] = []  # at the beginning of the block, at the end of any branch

    def filter_for(self, spot: Spot) -> str:
        """The filter for what this piece prints; what is captured is filtered where it is printed."""
        value = self.attribute.value or ""
        static = value[self.done - self.attribute.value_start : spot.offset - self.attribute.value_start]
        self.done = spot.offset + 1
        self.capturing += {"capture": 1, "endcapture": -1}.get(spot.piece.name, 0)
        if self.capturing or spot.piece.name == "endcapture":
            return ""
        self.now = self.now or bool(static.strip())
        if spot.prints:
            begun, self.now = self.now, True
            return "_url_part" if begun else "_url"
        self._branch(spot.piece.name)
        return ""

    def _branch(self, name: str) -> None:
        if name in {"else", "elsif", "when"} and self.blocks:
            first, after = self.blocks[-1]
            self.blocks[-1], self.now = (first, after or self.now), first
        elif name.startswith("end") and self.blocks:
            self.now = self.blocks.pop()[1] or self.now
        elif name in {"if", "unless", "case", "for"}:
            self.blocks.append((self.now, False))


def plain_links(text: str, known: list[Piece], slots: Slots) -> str:
    """A text part with its Liquid back, and slots in the place of the static addresses in it."""
    parts: list[str] = []
    done = 0
    for match in _PLAIN_URL.finditer(text):
        url = match[0].rstrip(_TRAILING)
        if hrefs.kind_of(url) == "web" and not MARK.match(text, match.end()):
            parts += text[done : match.start()], slots.same(url).tag
            done = match.start() + len(url)
    return restored("".join((*parts, text[done:])), known)
