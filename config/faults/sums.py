"""Promises 2 and 3 as arithmetic: the ledger of a campaign beside what the servers accepted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics import services as analytics
from analytics import stream
from campaigns.models import Campaign, Run
from config.lib import public_ids
from delivery.models import DeliveryEvent, Message
from delivery.selectors.ledger import TERMINAL

_COUNTING_S = 60.0


@dataclass(frozen=True)
class Sums:
    """Messages by how they ended, and how often each was accepted; ids are public ids."""

    audience: int
    states: Counter[str]
    logged: Counter[str]
    accepted: Counter[str]
    sent_nowhere: int
    """Sent by the ledger, yet no server has it."""
    unknown_accepted: int
    """Unknown to us, but a server has it."""
    must_arrive: int
    """Of a campaign that rather sends twice than never: ended otherwise than by a verdict, and no server has it."""
    resends: bool
    completed: bool
    counters_equal_log: bool

    @property
    def lost(self) -> int:
        unaccounted = self.audience - sum(self.states[state] for state in TERMINAL)
        return abs(unaccounted) + self.sent_nowhere + self.must_arrive

    @property
    def doubled(self) -> int:
        return sum(times - 1 for times in self.accepted.values())

    @property
    def closes(self) -> bool:
        """Everybody in exactly one final state, the log in step with the ledger, the counters with the log."""
        ended = sum(self.states[state] for state in TERMINAL)
        logged = all(self.logged[state] == self.states[state] for state in ("sent", "skipped", "cancelled"))
        return self.audience == ended and self.completed and logged and self.counters_equal_log

    def figures(self) -> dict[str, Any]:
        others = {state: self.states[state] for state in ("skipped", "failed", "cancelled") if self.states[state]}
        return {
            "audience": self.audience,
            "sent": self.states["sent"],
            "in_sink": len(self.accepted),
            "lost": self.lost,
            "doubled": self.doubled,
            "unknown": self.states["unknown"],
            "unknown_in_sink": self.unknown_accepted,
            **others,
            "closes": self.closes,
        }

    def broken(self) -> Sequence[str]:
        """The promises that do not hold, in words."""
        found = []
        if not self.closes:
            found.append(f"the sums do not close: {dict(self.states)}, logged {dict(self.logged)}")
        if self.lost:
            found.append(f"{self.lost} lost")
        if self.doubled and not self.resends:
            found.append(f"{self.doubled} got it twice")
        return found


def of(campaign: Campaign, run: Run, accepted: Counter[str], *, count_s: float = _COUNTING_S) -> Sums:
    """The sums of a campaign after its end. The counters are brought up to date first.

    `accepted`: how often each message was, by public id; those of other campaigns are left out.
    """
    campaign.refresh_from_db()
    run.refresh_from_db()
    analytics.count(seconds=count_s)
    rows = Message.objects.filter(order__campaign_id=campaign.pk).values_list("pk", "state")
    states = {public_ids.encode("message", pk): state for pk, state in rows.iterator()}
    events = DeliveryEvent.objects.filter(campaign_id=campaign.pk).values_list("kind", "message_id").distinct()
    accepted = Counter({found: times for found, times in accepted.items() if found in states})
    absent = {message_id: state for message_id, state in states.items() if message_id not in accepted}
    return Sums(
        audience=run.audience,
        states=Counter(states.values()),
        logged=Counter(kind for kind, _ in events.iterator()),
        accepted=accepted,
        sent_nowhere=sum(state == "sent" for state in absent.values()),
        unknown_accepted=sum(state == "unknown" and found in accepted for found, state in states.items()),
        must_arrive=sum(state == "unknown" for state in absent.values()) if campaign.resend_unknown else 0,
        resends=campaign.resend_unknown,
        completed=campaign.state == Campaign.State.COMPLETED,
        counters_equal_log=not stream.differences(limit=1),
    )
