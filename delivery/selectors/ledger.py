"""Reads of the ledger and of the delivery log."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Count, QuerySet

from delivery import ledger
from delivery.models import DeliveryEvent, Lane, Message, SendOrder

TERMINAL = (
    Message.State.SENT,
    Message.State.SKIPPED,
    Message.State.FAILED,
    Message.State.UNKNOWN,
    Message.State.CANCELLED,
)


@dataclass(frozen=True)
class Waterfall:
    """Where the messages of a campaign stand; `reasons` splits each state by its reason."""

    states: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def planned(self) -> int:
        return sum(self.states.values())

    @property
    def waiting(self) -> int:
        return sum(n for state, n in self.states.items() if state not in TERMINAL)


def waterfall(campaign_id: int) -> Waterfall:
    """The messages of a campaign by state and reason, counted from the ledger itself."""
    rows = (
        Message.objects.filter(order__campaign_id=campaign_id)
        .values_list("state", "reason")
        .annotate(n=Count("pk"))
        .order_by()
    )
    states: Counter[str] = Counter()
    reasons: dict[str, dict[str, int]] = {}
    for state, reason, n in rows:
        states[state] += n
        reasons.setdefault(state, {})[reason] = n
    return Waterfall(dict(states), reasons)


def is_settled(campaign_id: int) -> bool:
    """Whether no message of a campaign may still go out. One statement, since a message may step back meanwhile."""
    attempts = settings.SEND_MAX_ATTEMPTS_UNKNOWN
    return not ledger.run("is_outstanding", campaign=campaign_id, attempts=attempts)[0][0]


def messages_of(contact_id: int, campaign_id: int) -> QuerySet[Message]:
    """The messages of one contact in one campaign, oldest first."""
    return (
        Message.objects.filter(contact_id=contact_id, order__campaign_id=campaign_id)
        .select_related("order")
        .order_by("pk")
    )


def history(contact_id: int, campaign_id: int) -> list[DeliveryEvent]:
    """The delivery events of one contact in one campaign, in time order."""
    return list(DeliveryEvent.objects.filter(contact_id=contact_id, campaign_id=campaign_id).order_by("at", "pk"))


def orders_of(campaign_id: int) -> QuerySet[SendOrder]:
    return SendOrder.objects.filter(campaign_id=campaign_id).order_by("pk")


@dataclass(frozen=True)
class Queue:
    """What is due in a lane and not yet taken up; `since` is the due time of the oldest, None when nothing waits."""

    lane: str
    depth: int
    since: datetime | None


def queues() -> list[Queue]:
    """One for each lane, in their order of urgency."""
    found = {lane: Queue(lane, depth, since) for lane, depth, since in ledger.run("queues")}
    return [found.get(lane, Queue(lane, 0, None)) for lane in Lane.values]
