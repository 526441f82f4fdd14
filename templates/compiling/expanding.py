"""Shared blocks are copied in where a source names them, and every character remembers where it came from.

Each text is first held against the limits, since what is beyond them would cost too much to read.
"""

import re
from collections.abc import Mapping

from templates.compiling.source import DELIMITER, MARK, Origin, Piece, Source, pieces
from templates.findings import Findings, Place, near

MAX_SOURCE = 500_000  # characters, shared blocks written out
MAX_PIECES = 2_000
MAX_PIECE = 2_000  # characters of one {{ … }} or {% … %}

_VERBATIM = re.compile(r"\{%-?\s*(raw|doc)\s*-?%\}")
_RENDER = re.compile(r"""(['"])(?P<name>.*?)\1$""")


def _unclosed(source: Source) -> tuple[str, Place] | None:
    """The first piece of Liquid without an end.

    The library finds it too, but reads the rest of the text for every such beginning: minutes for a large one.
    """
    text, at = source.text, 0
    while opening := DELIMITER.search(text, at):
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
