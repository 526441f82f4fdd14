"""What an author wrote, with shared blocks written out, and its Liquid put out of harm's way.

`expand` copies shared blocks in and remembers where each character came from, so that a finding names
the line in the right text. `Protected` puts one character in the place of each piece of Liquid, so that
MJML and HTML can be read as what they are. These marks are from a private plane of Unicode that no author
needs, and a source that has one of them is refused: they cannot be taken for anything else.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from liquid.lex import compile_liquid_rules

from templates.findings import Findings, Place, near

FIRST_MARK = 0xF0000
MARK = re.compile("[\U000f0000-\U0010fffd]")
MAX_SOURCE = 500_000  # characters, shared blocks written out
MAX_PIECES = 2_000
MAX_PIECE = 2_000  # characters of one {{ … }} or {% … %}

_RULES = compile_liquid_rules()  # the library's own, so that we never see a piece where it sees none
_DELIMITER = re.compile(r"\{[{%]")
_VERBATIM = re.compile(r"\{%-?\s*(raw|doc)\s*-?%\}")
_RENDER = re.compile(r"""(['"])(?P<name>.*?)\1$""")


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


def _unclosed(source: Source) -> tuple[str, Place] | None:
    """The first piece of Liquid without an end.

    The library finds it too, but reads the rest of the text for every such beginning: minutes for a large one.
    """
    text, at = source.text, 0
    while opening := _DELIMITER.search(text, at):
        closing = text.find("}}" if opening[0] == "{{" else "%}", opening.end())
        if closing < 0:
            return f"this {opening[0]} is not closed", source.place(opening.start())
        at = closing + 2
        name = _VERBATIM.match(text, opening.start(), at)
        end = re.compile(rf"\{{%-?\s*end{name[1]}\s*-?%\}}").search(text, at) if name else None
        if name and not end:
            return f"{name[0].strip()} has no end{name[1]}", source.place(opening.start())
        at = end.end() if end else at
    return None


class _Expansion:
    """The work of `expand`: what is written out so far."""

    def __init__(self, blocks: Mapping[str, str], findings: Findings) -> None:
        self.blocks = blocks
        self.findings = findings
        self.parts: list[str] = []
        self.origins: list[Origin] = []
        self.length = 0
        self.used: set[str] = set()

    def write(self, source: Source, inside: tuple[str, ...]) -> None:
        if problem := _unclosed(source):
            self.findings.add("E001", *problem)
            return
        done = 0
        for piece in pieces(source):
            if piece.name == "render":
                self.keep(source, done, piece.offset)
                done = piece.end
                self.write_block(piece, inside)
        self.keep(source, done, len(source.text))

    def keep(self, source: Source, start: int, end: int) -> None:
        if start < end:
            origin = source.origins[0]
            self.origins.append(Origin(self.length, origin.block, origin.text, start))
            self.parts.append(source.text[start:end])
            self.length += end - start

    def write_block(self, piece: Piece, inside: tuple[str, ...]) -> None:
        match = _RENDER.match(piece.expression)
        if not match:
            self.findings.add("E006", f"{piece.text} is not how a shared block is used", piece.place)
        elif match["name"] in inside:
            circle = " → ".join((*inside, match["name"]))
            self.findings.add("E005", f"shared blocks go in a circle: {circle}", piece.place)
        elif match["name"] not in self.blocks:
            close = near(match["name"], self.blocks)
            self.findings.add("E004", f"there is no shared block {match['name']!r}{close}", piece.place)
        elif self.length <= MAX_SOURCE:  # blocks that use each other twice grow fast
            name = match["name"]
            self.used.add(name)
            self.write(Source.plain(piece.source.pointer, self.blocks[name], name), (*inside, name))


def expand(pointer: str, text: str, blocks: Mapping[str, str], findings: Findings) -> Source:
    """The text with each `{% render 'name' %}` replaced by that shared block, and theirs in turn."""
    expansion = _Expansion(blocks, findings)
    expansion.write(Source.plain(pointer, text), ())
    origins = tuple(expansion.origins) or (Origin(0, "", "", 0),)
    expanded = Source(pointer, "".join(expansion.parts), origins, frozenset(expansion.used))
    _check_size(expanded, findings)
    if mark := MARK.search(expanded.text):
        findings.add("E008", f"the character U+{ord(mark[0]):X} cannot be used", expanded.place(mark.start()))
    return expanded


def _check_size(source: Source, findings: Findings) -> None:
    found = list(pieces(source)) if len(source.text) <= MAX_SOURCE else []
    if len(source.text) > MAX_SOURCE:
        findings.add("E007", f"this has {len(source.text):,} characters; {MAX_SOURCE:,} may be", source.place(None))
    if len(found) > MAX_PIECES:
        findings.add("E007", f"this has {len(found):,} pieces of Liquid; {MAX_PIECES:,} may be", source.place(None))
    for piece in found:
        if piece.kind in {"output", "tag"} and len(piece.text) > MAX_PIECE:
            findings.add("E007", f"a piece of Liquid may have {MAX_PIECE:,} characters", piece.place)


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
        for match in _DELIMITER.finditer(piece.expression):
            yield replace(piece, text=f"{{% raw %}}{match[0]}{{% endraw %}}", offset=start + match.start(), width=2)
        end = start + len(piece.expression)
        yield replace(piece, kind="comment", text=piece.source.text[end : piece.end], offset=end)


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
