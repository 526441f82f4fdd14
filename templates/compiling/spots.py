"""Where in the HTML each piece of Liquid stands, and what may be printed there (STANDARDS B8.2, B8.6).

Autoescaping makes contact data inert in text and in quoted attribute values, and nowhere else. So Liquid may
print only there; in an address or a style attribute it goes through a filter as well. A block such as
`{% if %}` begins and ends in the same kind of place, so that what we read of the whole text holds for
each way through it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from templates.compiling.markup import RAW_TEXT, Attribute, Token, condition_body, tokens
from templates.compiling.source import BLOCKS, MARK, Piece, piece_of
from templates.findings import Findings

URL_ATTRIBUTES = frozenset(
    {"href", "src", "action", "formaction", "background", "poster", "cite", "data", "xlink:href"}
)
_NO_OUTPUT = frozenset({"srcdoc", "srcset", "ping", "http-equiv"})
_NO_OUTPUT_ELEMENTS = frozenset({"base", "meta", "object", "embed", "applet"})
_BRANCHES = {"elsif", "else", "when"}


@dataclass(frozen=True)
class Spot:
    """One occurrence of a mark. `state` is equal for places that differ in nothing that matters here."""

    offset: int
    piece: Piece
    state: tuple[str, ...]
    attribute: Attribute | None = None

    @property
    def prints(self) -> bool:
        return self.piece.kind == "output" or self.piece.name == "echo"

    @property
    def kind(self) -> str:
        """`text`, `value` (in quotes), or a place where nothing may be printed."""
        return self.state[-1]


def find(text: str, known: list[Piece]) -> list[Spot]:
    """Every occurrence of Liquid in protected HTML, in order."""
    return list(_spots(text, known, 0, len(text), ()))


def _spots(text: str, known: list[Piece], start: int, end: int, outer: tuple[str, ...]) -> Iterator[Spot]:
    for token in tokens(text, start, end):
        if not MARK.search(text, token.start, token.end):
            continue
        body = condition_body(text, token) if token.kind == "comment" and not outer else None
        if body:
            yield from _marks(text, known, token.start, body[0], ("comment", "declaration"))
            yield from _spots(text, known, *body, ("comment",))
            yield from _marks(text, known, body[1], token.end, ("comment", "declaration"))
        elif token.kind in {"open", "close"}:
            yield from _in_tag(text, known, token, outer)
        else:
            yield from _marks(text, known, token.start, token.end, (*outer, *_state(text, token)))


def _state(text: str, token: Token) -> tuple[str, ...]:
    if token.kind == "text":
        # <title> holds text, but inside <svg> it holds markup: with a < in it we cannot tell
        code = token.element in RAW_TEXT or (token.element and "<" in text[token.start : token.end])
        return (token.element, "code" if code else "text")
    return ("", "declaration") if token.kind == "other" else ("comment", "", "text")  # escaped text cannot close it


def _marks(text: str, known: list[Piece], start: int, end: int, state: tuple[str, ...]) -> Iterator[Spot]:
    for match in MARK.finditer(text, start, end):
        kind = "tag name" if state[-1] == "text" and text.endswith("<", 0, match.start()) else state[-1]
        yield Spot(match.start(), piece_of(match[0], known), (*state[:-1], kind))


def _in_tag(text: str, known: list[Piece], token: Token, outer: tuple[str, ...]) -> Iterator[Spot]:
    values = [item for item in token.attributes if item.value is not None and not item.mark]
    at = token.start
    for attribute in values:
        yield from _marks(text, known, at, attribute.value_start, (*outer, token.name, "tag"))
        kind = "value" if attribute.quote and _may_print(token, attribute) else "unsafe value"
        state = (*outer, token.name, attribute.name, attribute.quote, kind)
        for match in MARK.finditer(text, attribute.value_start, attribute.value_end):
            yield Spot(match.start(), piece_of(match[0], known), state, attribute)
        at = attribute.value_end
    yield from _marks(text, known, at, token.end, (*outer, token.name, "tag"))


def _may_print(token: Token, attribute: Attribute) -> bool:
    return not (attribute.name.startswith("on") or attribute.name in _NO_OUTPUT or token.name in _NO_OUTPUT_ELEMENTS)


def check(spots: list[Spot], findings: Findings) -> None:
    """Note Liquid that prints where it must not, and blocks that begin in one place and end in another."""
    for spot in spots:
        _check_place(spot, findings)
    _check_blocks(spots, findings)


def _check_place(spot: Spot, findings: Findings) -> None:
    bare = spot.attribute is not None and not spot.attribute.quote
    safe = spot.kind in {"text", "value"}
    if bare or (spot.prints and not safe) or spot.kind in {"tag name", "declaration"}:
        where = {
            "code": f"inside <{spot.state[-2]}>",
            "tag": "between attributes",
            "tag name": "in the name of a tag",
            "declaration": "inside a declaration",
            "unsafe value": f"in the attribute {spot.attribute.name if spot.attribute else ''}",
        }.get(spot.kind, "here")
        findings.add(
            "E020", f"{spot.piece.text[:60]} stands {where}{', without quotes' if bare else ''}", spot.piece.place
        )


def _check_blocks(spots: list[Spot], findings: Findings) -> None:
    opened: list[Spot] = []
    for spot in spots:
        name = spot.piece.name
        if name in BLOCKS:
            opened.append(spot)
        elif name in _BRANCHES or name.startswith("end"):
            if opened and opened[-1].state != spot.state:
                begun = opened[-1].piece.place
                findings.add(
                    "E021", f"{{% {name} %}} stands elsewhere than its beginning, line {begun.line}", spot.piece.place
                )
            if name.startswith("end") and opened:
                opened.pop()
