"""What has changed between two versions, line by line. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from typing import Literal

from templates.drafts import ContentDraft

FIELDS = ("subject", "preheader", "format", "body", "text")
AROUND = 3  # unchanged lines kept on both sides of a change


@dataclass(frozen=True)
class Row:
    """A line of the old text beside one of the new. A `gap` stands for `skipped` lines that are the same."""

    kind: Literal["same", "changed", "added", "removed", "gap"]
    old_line: int | None = None
    old: str = ""
    new_line: int | None = None
    new: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class Difference:
    """One field of one language that differs."""

    language: str
    field: str
    rows: tuple[Row, ...]

    @property
    def added(self) -> int:
        return sum(row.kind in {"added", "changed"} for row in self.rows)

    @property
    def removed(self) -> int:
        return sum(row.kind in {"removed", "changed"} for row in self.rows)


def compare(old: Sequence[ContentDraft], new: Sequence[ContentDraft]) -> list[Difference]:
    """All fields that differ, language by language; a language that one side lacks is empty there."""
    before, after = ({draft.language: draft for draft in side} for side in (old, new))
    return [
        Difference(language, name, tuple(side_by_side(was, now)))
        for language in dict.fromkeys([*after, *before])
        for name in FIELDS
        if (was := _field(before, language, name)) != (now := _field(after, language, name))
    ]


def _field(side: Mapping[str, ContentDraft], language: str, name: str) -> str:
    return getattr(side[language], name) if language in side else ""


def side_by_side(old: str, new: str, *, around: int = AROUND) -> Iterator[Row]:
    """The lines of both texts in pairs; long runs of unchanged lines are a gap."""
    left, right = _lines(old), _lines(new)
    matcher = SequenceMatcher(None, left, right)
    codes = matcher.get_opcodes()
    for index, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            before = around if index else 0
            after = around if index < len(codes) - 1 else 0
            yield from _unchanged(left, i1, i2, j1, before, after)
        else:
            yield from _changed(left, right, (i1, i2), (j1, j2))


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _unchanged(lines: list[str], start: int, end: int, other: int, before: int, after: int) -> Iterator[Row]:
    shift = other - start
    head, tail = start + before, end - after
    if tail - head <= 1:  # a gap of one line would save nothing
        head = tail = end
    for number in range(start, head):
        yield Row("same", number + 1, lines[number], number + shift + 1, lines[number])
    if head < tail:
        yield Row("gap", skipped=tail - head)
    for number in range(tail, end):
        yield Row("same", number + 1, lines[number], number + shift + 1, lines[number])


def _changed(left: list[str], right: list[str], was: tuple[int, int], now: tuple[int, int]) -> Iterator[Row]:
    for i, j in zip_longest(range(*was), range(*now)):
        if i is None:
            yield Row("added", new_line=j + 1, new=right[j])
        elif j is None:
            yield Row("removed", old_line=i + 1, old=left[i])
        else:
            yield Row("changed", i + 1, left[i], j + 1, right[j])


def unified(rows: Sequence[Row]) -> list[str]:
    """The same as one column: `-` taken away, `+` put in, a space for what stays."""
    lines: list[str] = []
    for stays, run in groupby(rows, key=lambda row: row.kind in {"same", "gap"}):
        found = list(run)
        if stays:
            lines += [f" {row.new}" if row.kind == "same" else f"@@ {row.skipped} lines @@" for row in found]
        else:
            lines += [f"-{row.old}" for row in found if row.old_line is not None]
            lines += [f"+{row.new}" for row in found if row.new_line is not None]
    return lines
