"""A rule held against one person, condition by condition: why somebody is in a segment, or is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Q, Value, When

from segments.compiler import Compiler
from segments.errors import InvalidCriteria
from segments.explaining import Line, outline
from segments.models import Contact


@dataclass(frozen=True)
class Checked:
    """A line of a rule's outline, and whether it holds for the person; None where that cannot be said any more."""

    line: Line
    holds: bool | None


def check(criteria: Any, contact_id: int, *, at: datetime) -> list[Checked]:
    """Each line of a rule in normal form, as it is for this contact at `at`. One query for the person."""
    lines = outline([criteria])[0]
    compiler = Compiler(at)
    parts = [_compiled(compiler, part) for part in _parts(criteria)]
    if len(parts) != len(lines):  # a rule that no longer works has one line, which says so
        return [Checked(line, None) for line in lines]
    known = [Case(When(part, then=Value(True)), default=Value(False)) for part in parts if part is not None]
    found = Contact.objects.filter(pk=contact_id).values_list(*known).first()
    answers = iter(found or ())
    return [
        Checked(line, None if part is None else next(answers, None)) for line, part in zip(lines, parts, strict=True)
    ]


def _compiled(compiler: Compiler, part: Any) -> Q | None:
    try:
        return compiler.criteria(part)
    except InvalidCriteria:
        return None


def _parts(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A rule for each line of the outline, in its order: a group before its conditions, then whom it leaves out."""
    if "conditions" not in node:
        yield {"conditions": [node]}
        return
    yield {name: value for name, value in node.items() if name != "exclude_segments"}
    for child in node["conditions"]:
        yield from _parts(child)
    for text in node.get("exclude_segments", ()):
        yield {"not": {"conditions": [{"field": "segment", "operator": "in", "value": [text]}]}}
