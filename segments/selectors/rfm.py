"""Reads of RFM: the latest snapshot, its grid and its named cells."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from math import log

from django.db.models import QuerySet, Sum

from segments import rfm
from segments.models import RfmSnapshot, Segment


@dataclass(frozen=True)
class Tally:
    """Buyers, and what they spent."""

    people: int = 0
    money: Decimal = Decimal()


@dataclass(frozen=True)
class Square:
    """One pair of scores. `heat`: 0 to 5, by the share of buyers as eyes judge it (a logarithm of it)."""

    recency: int
    frequency: int
    cell: rfm.Cell
    tally: Tally
    heat: int


def finished() -> QuerySet[RfmSnapshot]:
    """Snapshots that are whole, the newest first."""
    return RfmSnapshot.objects.exclude(finished_at=None).order_by("-finished_at")


def grid(snapshot: RfmSnapshot) -> list[list[Square]]:
    """Rows from the best recency to the worst, in each the frequency ascending. One query."""
    tallies = _tallies(snapshot)
    most = max((one.people for one in tallies.values()), default=0)
    return [
        [
            Square(recency, frequency, rfm.cell_of(recency, frequency), one, _heat(one.people, most))
            for frequency in rfm.SCORES
            for one in [tallies.get((recency, frequency), Tally())]
        ]
        for recency in reversed(rfm.SCORES)
    ]


def by_cell(squares: list[list[Square]]) -> dict[str, Tally]:
    """What the squares of each named cell come to; every cell is there."""
    found: dict[str, Tally] = defaultdict(Tally)
    for square in (one for row in squares for one in row):
        before = found[square.cell.name]
        found[square.cell.name] = Tally(before.people + square.tally.people, before.money + square.tally.money)
    return {cell.name: found[cell.name] for cell in rfm.CELLS}


def rule_of(cell: rfm.Cell) -> dict[str, object]:
    """The rule of an ordinary segment of the people in a cell, in normal form."""
    return {"logic": "AND", "conditions": [{"field": "rfm.cell", "operator": "equals", "value": cell.name}]}


def segment_of(cell: rfm.Cell) -> Segment | None:
    """The live segment that means just this cell."""
    return Segment.objects.filter(archived_at=None, current__criteria=rule_of(cell)).order_by("pk").first()


def _tallies(snapshot: RfmSnapshot) -> dict[tuple[int, int], Tally]:
    rows = snapshot.cells.values_list("recency_score", "frequency_score").annotate(Sum("people"), Sum("money"))
    return {(recency, frequency): Tally(people, money) for recency, frequency, people, money in rows}


def _heat(people: int, most: int) -> int:
    return round(5 * log(1 + people) / log(1 + most)) if people else 0
