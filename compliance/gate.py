"""May we? The ordered rules of GATE_RULES, decided for a whole batch in one query a rule.

The dispatcher asks after its intent is committed, in autocommit, on the primary (STANDARDS B3, B3.9):
that order is what makes an opt-out win.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from config.lib.addresses import AddressHash
from config.lib.registry import Registry


@dataclass(frozen=True, slots=True)
class Candidate:
    """One message about to go out.

    `list_ids`: the list its unsubscribe link leaves and those it was addressed to. `addresses`: the hashes of its
    address under every live key.
    """

    message_id: int
    contact_id: int
    order_id: int
    channel: str
    purpose: str
    brand_id: int
    list_ids: Collection[int]
    addresses: Sequence[AddressHash]


class Action(Enum):
    SKIP = "skip"  # this message never goes out
    HOLD = "hold"  # not now: back to ready
    CANCEL = "cancel"  # its campaign was cancelled


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message may not go out now. No verdict means it may."""

    action: Action
    reason: str


class Rule:
    """One ground for not sending."""

    kind: str

    def verdicts(self, candidates: Sequence[Candidate], *, at: datetime) -> dict[int, Verdict]:
        """The blocked ones by message id, decided in a number of queries that does not grow with the batch."""
        raise NotImplementedError


rules: Registry[Rule] = Registry("GATE_RULES", Rule)


def decide(candidates: Sequence[Candidate], *, at: datetime) -> dict[int, Verdict]:
    """The verdict on each blocked candidate by message id; who is not in it may go out.

    The first rule that blocks decides.
    """
    blocked: dict[int, Verdict] = {}
    remaining = list(candidates)
    for rule in rules:
        if not remaining:
            break
        blocked.update(rule().verdicts(remaining, at=at))
        remaining = [candidate for candidate in remaining if candidate.message_id not in blocked]
    return blocked
