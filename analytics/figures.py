"""What each figure means, and how rates follow from counts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its age and its meaning. None: there is nothing to divide by."""

    value: float | None
    as_of: datetime | None
    definition: str

    def age(self, at: datetime) -> timedelta | None:
        """How old it is at that time; None when nothing was counted yet."""
        return None if self.as_of is None else at - self.as_of


# Counts of messages by name: (kind of event, column of the counters, words). docs/how-we-count.md says the same.
COUNTS: dict[str, tuple[str, str, str]] = {
    "sent": ("sent", "unique", "messages that the receiving server took"),
    "bounced": ("bounced", "unique", "messages refused for good because of the mailbox, at once or later"),
    "rejected": ("rejected", "total", "messages refused for good because of the sender or the message itself"),
    "returned": ("returned", "unique", "messages that were sent and bounced"),
    "opened": ("opened", "human_unique", "messages opened at least once, without what machines fetch"),
    "opened_with_machines": ("opened", "unique", "messages opened at least once, by whomever"),
    "opens": ("opened", "human_total", "every opening, without what machines fetch"),
    "opens_with_machines": ("opened", "total", "every opening, by whomever"),
    "clicked": ("clicked", "human_unique", "messages in which a link was clicked at least once, without scanners"),
    "clicked_with_machines": ("clicked", "unique", "messages in which a link was clicked at least once, by whomever"),
    "clicks": ("clicked", "human_total", "every click, without scanners"),
    "clicks_with_machines": ("clicked", "total", "every click, by whomever"),
    "unsubscribed": ("unsubscribed", "unique", "messages whose recipient unsubscribed through them"),
    "complained": ("complained", "unique", "messages whose recipient reported them as spam"),
    "skipped": ("skipped", "unique", "messages we chose not to send"),
    "failed": ("failed", "total", "messages that could not be made or were given up"),
    "unknown": ("unknown", "total", "messages handed over whose reply never came and of which nobody knows more"),
    "cancelled": ("cancelled", "unique", "messages whose campaign was cancelled before their turn"),
}
# What a message ends as once at a time, and which event takes that back: when it is replayed, or heard of after all.
TAKEN_BACK = {"failed": "revived", "rejected": "readmitted", "unknown": "resolved"}
DELIVERED = "sent − returned: messages taken by the receiving server that did not come back"
ATTEMPTED = "sent + bounced − returned + rejected: messages that got a final answer from a receiving server"

# Rates in percent: (numerator, denominator, words).
RATES: dict[str, tuple[str, str, str]] = {
    "delivery_rate": ("delivered", "attempted", "delivered of attempted"),
    "bounce_rate": ("bounced", "attempted", "bounced of attempted"),
    "open_rate": ("opened", "delivered", "opened of delivered, without machines"),
    "open_rate_with_machines": ("opened_with_machines", "delivered", "opened of delivered, machines included"),
    "click_rate": ("clicked", "delivered", "clicked of delivered, without scanners"),
    "click_rate_with_machines": ("clicked_with_machines", "delivered", "clicked of delivered, scanners included"),
    "click_to_open_rate": ("clicked", "opened", "clicked of opened, without machines"),
    "unsubscribe_rate": ("unsubscribed", "delivered", "unsubscribed of delivered"),
    "complaint_rate": ("complained", "delivered", "complained of delivered"),
}


def counts(sums: Mapping[tuple[str, str], int], as_of: datetime | None) -> dict[str, Figure]:
    """Every count by name. `sums`: by (kind of event, column of the counters); what is missing is 0."""
    found = {name: Figure(_sum(sums, kind, column), as_of, words) for name, (kind, column, words) in COUNTS.items()}
    value = {name: figure.value or 0 for name, figure in found.items()}
    attempted = value["sent"] + value["bounced"] - value["returned"] + value["rejected"]
    found["delivered"] = Figure(value["sent"] - value["returned"], as_of, DELIVERED)
    found["attempted"] = Figure(attempted, as_of, ATTEMPTED)
    return found


def rates(of: Mapping[str, Figure]) -> dict[str, Figure]:
    """Every rate in percent with one decimal, from the counts by name."""
    return {name: _rate(of[part], of[whole], words) for name, (part, whole, words) in RATES.items()}


def _sum(sums: Mapping[tuple[str, str], int], kind: str, column: str) -> int:
    return sums.get((kind, column), 0) - sums.get((TAKEN_BACK.get(kind, ""), column), 0)


def _rate(part: Figure, whole: Figure, words: str) -> Figure:
    value = round(100 * (part.value or 0) / whole.value, 1) if whole.value else None
    return Figure(value, whole.as_of, words)
