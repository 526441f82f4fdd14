"""Delivery events as the ledger and tracking log them, and counting until nothing is left."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from analytics import services
from delivery.models import DeliveryEvent
from tests.support.waiting import wait_for_horizon

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def events(*kinds: str, message: int = 1, campaign: int = 1, **fields: Any) -> None:
    """Log one event of each kind for a message, each in a transaction of its own."""
    for kind in kinds:
        values = {"at": AT, "contact_id": message, "order_id": 1, "channel": "email", **fields}
        DeliveryEvent.objects.create(kind=kind, message_id=message, campaign_id=campaign, **values)


def rejudged(
    kind: str, detail: str, at: datetime, *, message: int = 1, campaign: int = 1, reason: str
) -> DeliveryEvent:
    """What the judge logs when it changes its mind about a hit; not saved."""
    return DeliveryEvent(
        at=timezone.now(), kind="rejudged", message_id=message, contact_id=message, campaign_id=campaign, order_id=1,
        channel="email", reason=reason, detail=f"{kind} {detail or '-'} {at:%Y-%m-%dT%H:%M:%SZ}",
    )  # fmt: skip


def count_all() -> None:
    """Count until what is committed now is counted."""
    wait_for_horizon()
    while services.count(seconds=60):
        pass
