"""How mail goes out now: lanes, accounts, mailbox providers that are slowed. A few rows each, however much waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet, Sum

from delivery.models import (
    Breaker,
    DeadLetter,
    MailboxProvider,
    MailDomain,
    Message,
    ProviderAccount,
    SendOrder,
    SendTally,
)
from delivery.selectors.ledger import Queue, queues

RATE_S = 30
COUNTED = 100_000
_SETTLED = F("sent") + F("failed") + F("unknown") + F("skipped")


@dataclass(frozen=True)
class LaneNow:
    """What is due in a lane, and how many of its messages are settled a second."""

    queue: Queue
    rate: float


@dataclass(frozen=True)
class AccountNow:
    """An account with what went through it lately; `breaker` is None when it has never failed."""

    account: ProviderAccount
    breaker: Breaker | None
    rate: float

    @property
    def state(self) -> str:
        """off, active, or failed: it rests or is being tried."""
        if not self.account.active:
            return "off"
        return "failed" if self.breaker and self.breaker.state != Breaker.State.CLOSED else "active"


def lanes(*, at: datetime) -> list[LaneNow]:
    """Each lane, in their order of urgency."""
    rates = _rate_of_lanes(at)
    return [LaneNow(queue, rates.get(queue.lane, 0.0)) for queue in queues()]


def accounts(*, at: datetime) -> list[AccountNow]:
    """All accounts, in the order in which they are used."""
    rates = _rate_of_accounts(at)
    rows = ProviderAccount.objects.select_related("breaker").order_by("-active", "priority", "name")
    return [AccountNow(row, getattr(row, "breaker", None), rates.get(row.pk, 0.0)) for row in rows]


def slowed(*, at: datetime) -> list[MailboxProvider]:
    """Mailbox providers that asked us to slow down, and everybody else's row when a single domain did."""
    domains = MailDomain.objects.filter(slowed_until__gt=at)
    others = Q(is_default=True) if domains.exists() else Q(pk=None)
    return list(MailboxProvider.objects.filter(Q(slowed_until__gt=at) | others).order_by("name"))


def slowed_domains(*, at: datetime, most: int = 50) -> list[MailDomain]:
    """Domains that are nobody's and asked us to slow down, the longest first."""
    return list(MailDomain.objects.filter(slowed_until__gt=at).order_by("-slowed_until")[:most])


def unknowns() -> int:
    """Messages of which nobody knows whether they went out, counted up to a bound."""
    return Message.objects.filter(state=Message.State.UNKNOWN)[:COUNTED].count()


def open_dead_letters() -> int:
    """Dead letters nobody has dealt with, counted up to a bound."""
    return DeadLetter.objects.filter(resolution="")[:COUNTED].count()


def _rate_of_lanes(at: datetime) -> dict[str, float]:
    settled = dict(_lately(at).values_list("order_id").annotate(n=Sum(_SETTLED)).order_by())
    rates: dict[str, float] = {}
    for pk, lane in SendOrder.objects.filter(pk__in=settled).values_list("pk", "lane"):
        rates[lane] = rates.get(lane, 0.0) + settled[pk] / RATE_S
    return rates


def _rate_of_accounts(at: datetime) -> dict[int | None, float]:
    settled = _lately(at).values_list("provider_account_id").annotate(n=Sum(_SETTLED)).order_by()
    return {account: n / RATE_S for account, n in settled}


def _lately(at: datetime) -> QuerySet[SendTally]:
    return SendTally.objects.filter(at__gt=at - timedelta(seconds=RATE_S), at__lte=at)
