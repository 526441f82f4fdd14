"""What an author wrote: a text that knows its places, and its Liquid put out of harm's way.

`Protected` puts one character in the place of each piece of Liquid, so that MJML and HTML can be read as what they
are. These marks are from a private plane of Unicode that no author needs, and a source that has one of them is
refused: they cannot be taken for anything else.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from liquid.lex import compile_liquid_rules

from templates.findings import Place

FIRST_MARK = 0xF0000
MARK = re.compile("[\U000f0000-\U0010fffd]")

BLOCKS = frozenset({"if", "unless", "case", "for", "capture"})

_RULES = compile_liquid_rules()  # the library's own, so that we never see a piece where it sees none
DELIMITER = re.compile(r"\{[{%]")


@dataclass(frozen=True)
class Origin:
    """From `start` on, a source is what `text` (of a shared block, or the author's own) has from `offset` on."""

    start: int
    block: str
    text: str
    offset: int


@dataclass(frozen=True)
class Source:
    """A text which knows where each of its characters came from, and which shared blocks are in it."""

    pointer: str
    text: str
    origins: tuple[Origin, ...]
    blocks: frozenset[str] = frozenset()

    @classmethod
    def plain(cls, pointer: str, text: str, block: str = "") -> "Source":
        return cls(pointer, text, (Origin(0, block, text, 0),))

    def place(self, offset: int | None) -> Place:
        """The line and column of a character, in the shared block it came from."""
        if offset is None or not 0 <= offset <= len(self.text):
            return Place(self.pointer)
        origin = self.origins[bisect_right(self.origins, offset, key=lambda item: item.start) - 1]
        before = origin.text[: origin.offset + offset - origin.start]
        line_start = before.rfind("\n") + 1
        return Place(self.pointer, before.count("\n") + 1, len(before) - line_start + 1, origin.block)


@dataclass(frozen=True)
class Piece:
    """One piece of Liquid: `{{ … }}`, `{% … %}`, or a raw or comment block with all that is in it.

    `name` is a tag's, `expression` what a tag or output says, or what is inside a raw block.
    """

    kind: Literal["output", "tag", "raw", "comment"]
    text: str
    name: str
    expression: str
    source: Source
    offset: int
    width: int = -1  # characters of the source, when not those of `text`

    @property
    def end(self) -> int:
        return self.offset + (len(self.text) if self.width < 0 else self.width)

    @property
    def place(self) -> Place:
        return self.source.place(self.offset)


def pieces(source: Source) -> Iterator[Piece]:
    """The Liquid of a source in order."""
    depth = start = 0
    for match in _RULES.finditer(source.text):
        name = match["name"] or ""
        if depth or name == "comment":
            start = start if depth else match.start()
            depth += {"comment": 1, "endcomment": -1}.get(name, 0)
            if depth == 0:
                yield Piece("comment", source.text[start : match.end()], "", "", source, start)
        elif match.lastgroup == "output":
            yield Piece("output", match[0], "", match["stmt"], source, match.start())
        elif match.lastgroup == "TAG":
            kind: Literal["tag", "comment"] = "comment" if name == "#" else "tag"
            yield Piece(kind, match[0], name, match["expr"], source, match.start())
        elif match.lastgroup != "content":
            yield Piece("raw", match[0], "", match["raw"] or "", source, match.start())


def literal(text: str) -> str:
    """Text as Liquid that prints just this text."""
    return text.replace("{", "{% raw %}{{% endraw %}") if "{" in text else text


def _unwrapped(found: Iterator[Piece]) -> Iterator[Piece]:
    """Raw blocks opened up, so that their markup is seen: only what would look like Liquid stays a piece."""
    for piece in found:
        if piece.kind != "raw":
            yield piece
            continue
        start = piece.offset + piece.text.index("%}") + 2
        yield replace(piece, kind="comment", text=piece.source.text[piece.offset : start])
        for match in DELIMITER.finditer(piece.expression):
            yield replace(piece, text=f"{{% raw %}}{match[0]}{{% endraw %}}", offset=start + match.start(), width=2)
        end = start + len(piece.expression)
        yield replace(piece, kind="comment", text=piece.source.text[end : piece.end], offset=end)


def open_block(source: Source) -> Piece | None:
    """The last block that is begun and not ended."""
    opened: list[Piece] = []
    for piece in pieces(source):
        if piece.name in BLOCKS:
            opened.append(piece)
        elif opened and piece.name == f"end{opened[-1].name}":
            opened.pop()
    return opened[-1] if opened else None


class Protected:
    """A source with one mark in the place of each piece of Liquid; comments are gone."""

    def __init__(self, source: Source, known: list[Piece]) -> None:
        """`known` numbers the pieces of all sources of one content; those of this one are added to it."""
        self.source = source
        self._here: list[int] = [0]
        self._there: list[int] = [0]
        parts: list[str] = []
        done = length = 0
        for piece in _unwrapped(pieces(source)):
            parts.append(source.text[done : piece.offset])
            length += piece.offset - done
            done = piece.end
            if piece.kind != "comment":
                parts.append(chr(FIRST_MARK + len(known)))
                known.append(piece)
                length += 1
            self._here.append(length)
            self._there.append(done)
        parts.append(source.text[done:])
        self.text = "".join(parts)

    def place(self, offset: int) -> Place:
        """Where a character of the protected text stands in the source."""
        index = bisect_right(self._here, offset) - 1
        return self.source.place(self._there[index] + offset - self._here[index])


def piece_of(mark: str, known: list[Piece]) -> Piece:
    """The piece for which a mark stands."""
    return known[ord(mark) - FIRST_MARK]
