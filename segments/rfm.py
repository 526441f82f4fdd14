"""RFM: how lately, how often and for how much people bought, scored 1 to 5, and the named cells of that grid. Pure.

Scores go by thresholds: the values that 20, 40, 60 and 80 of a hundred buyers do not exceed. Whoever has the same
value has the same score, so with many equal values some scores are nobody's (NTILE would split the equal ones).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

SHARES = (0.2, 0.4, 0.6, 0.8)
SCORES = (1, 2, 3, 4, 5)


def score(value: Decimal | int, thresholds: Sequence[Decimal | int], *, less_is_better: bool = False) -> int:
    """1 to 5, by how many of the four ascending thresholds the value exceeds."""
    above = bisect_left(thresholds, value)
    return 5 - above if less_is_better else 1 + above


@dataclass(frozen=True)
class Cell:
    """A part of the grid with a name: which scores of recency and frequency belong to it, whatever was spent."""

    name: str
    label: StrOrPromise
    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    meaning: StrOrPromise


# The eleven names are those marketers know; see docs/rfm.md. A test holds that every pair of scores has exactly one.
CELLS = (
    Cell("champions", _("Champions"), (4, 5), (4, 5), _("Bought lately, and buy often")),
    Cell("loyal", _("Loyal"), (3,), (4, 5), _("Buy often, not just now")),
    Cell("potential_loyal", _("Potentially loyal"), (4, 5), (2, 3), _("Bought lately, and more than once")),
    Cell("new", _("New"), (5,), (1,), _("Bought just now, for the first time or nearly")),
    Cell("promising", _("Promising"), (4,), (1,), _("Bought lately, seldom")),
    Cell("need_attention", _("Need attention"), (3,), (3,), _("In the middle, and going")),
    Cell("about_to_sleep", _("About to sleep"), (3,), (1, 2), _("Bought a while ago, seldom")),
    Cell("cannot_lose", _("Cannot lose them"), (1, 2), (5,), _("Bought most often of all, and no more")),
    Cell("at_risk", _("At risk"), (1, 2), (3, 4), _("Bought often, long ago")),
    Cell("hibernating", _("Hibernating"), (2,), (1, 2), _("Bought long ago, seldom")),
    Cell("lost", _("Lost"), (1,), (1, 2), _("Bought longest ago, seldom")),
)
BY_NAME = {cell.name: cell for cell in CELLS}


def cell_of(recency: int, frequency: int) -> Cell:
    """The one cell that these scores belong to."""
    return next(cell for cell in CELLS if recency in cell.recency and frequency in cell.frequency)
