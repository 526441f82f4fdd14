"""How far a campaign is, cheaply: from what still waits and from the tallies, never from what has ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from campaigns.models import Campaign, Enrolment
from delivery.models import Message
from delivery.selectors import tallies

_WINDOW_S = 30
_MAY_GO_OUT = (Message.State.READY, Message.State.CLAIMED, Message.State.DISPATCHING)


@dataclass(frozen=True)
class Progress:
    """People of the audience: `waiting` have no end yet, in the journey or in the ledger. `per_second` is of late."""

    at: datetime
    audience: int
    waiting: int
    per_second: float

    @property
    def ended(self) -> int:
        return max(self.audience - self.waiting, 0)

    @property
    def eta(self) -> datetime | None:
        """When it is over at this pace; None when nothing moves or nothing waits."""
        if not self.waiting or not self.per_second:
            return None
        return self.at + timedelta(seconds=self.waiting / self.per_second)


def progress(campaign: Campaign, *, at: datetime) -> Progress:
    """How far it is. What has ended how is in the counters, which are a second or two old (analytics)."""
    enrolled = Enrolment.objects.filter(run__campaign=campaign, state=Enrolment.State.WAITING).count()
    # one partial index each: a list of states would be looked for among all messages
    messages = sum(Message.objects.filter(order__campaign_id=campaign.pk, state=state).count() for state in _MAY_GO_OUT)
    audience = campaign.runs.aggregate(n=Sum("audience", default=0))["n"]
    return Progress(at, audience, enrolled + messages, tallies.per_second(campaign.pk, at=at, seconds=_WINDOW_S))
