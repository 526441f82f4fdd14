"""What is asked of the throttles, and what they answer. Plain."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Because(StrEnum):
    """Why a message waits for its turn, as the ledger keeps it."""

    ACCOUNT = "throttled_account"
    PROVIDER = "throttled_provider"
    CAMPAIGN = "throttled_campaign"
    CONNECTIONS = "throttled_connections"
    SLOWED = "slowed"
    AWAY = "throttle_away"  # Redis does not answer: nothing that has a limit goes out


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


@dataclass(frozen=True, slots=True)
class Limit:
    """So many messages a second through the bucket of this name; `reason` is what those that wait are told."""

    bucket: str
    rate: float
    reason: Because
