"""How fast we may: who of a group may go now, and when the others may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from delivery.accounts import Account
from delivery.providers.base import Receipt


@dataclass(frozen=True, slots=True)
class Demand:
    """One message that would go out now. Domains are A-labels in lower case."""

    message_id: int
    order_id: int
    lane: str
    rate_per_minute: int | None
    sending_domain: str
    recipient_domain: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a message has to wait, and until when."""

    reason: str
    until: datetime


def admit(demands: Sequence[Demand], account: Account, *, at: datetime) -> Mapping[int, Wait]:
    """Take a token from every bucket for each message that may go now; the waits of the others, by message id."""
    return {}


def observe(demands: Sequence[Demand], receipts: Sequence[Receipt], account: Account, *, at: datetime) -> None:
    """Learn from what the servers answered: a deferral for reputation slows that mailbox provider."""
