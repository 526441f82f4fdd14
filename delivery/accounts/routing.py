"""Which account a message goes through: by brand and lane, the first order of priority that works, by weight within."""

from dataclasses import dataclass, field
from datetime import datetime
from math import log as ln

import structlog
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, Value
from django.utils import timezone

from config.lib.errors import DomainError
from delivery.accounts.breakers import TRIAL, take_trial
from delivery.accounts.opened import Account, provider_of
from delivery.models import Breaker, ProviderAccount

log = structlog.get_logger(__name__)
_MASK = 2**64 - 1


@dataclass
class Candidate:
    """An account that mail of the lane may go through. `trial`: its rest is over, so it gets a few messages to show."""

    account: Account
    priority: int
    weight: int
    brands: frozenset[int]
    trial: bool = False
    left: int = TRIAL
    taken: bool | None = None

    def takes(self, at: datetime) -> bool:
        """Whether it gets another message: one on trial only from the worker that took the trial, and only a few."""
        if not self.trial:
            return True
        if self.taken is None:
            self.taken = take_trial(self.account.id, at=at)
        self.left -= 1
        return self.taken and self.left >= 0


@dataclass
class Routes:
    """The accounts that mail of one lane may go through now, the first to be asked first."""

    candidates: list[Candidate]
    at: datetime
    _by_brand: dict[int, list[list[Candidate]]] = field(default_factory=dict)

    def choose(self, *, brand_id: int, message_id: int) -> Account | None:
        """The account for one message, the same for the same message while nothing changes; None: it has to wait."""
        tiers = self._by_brand.get(brand_id)
        if tiers is None:
            tiers = self._by_brand[brand_id] = self._tiers(brand_id)
        for tier in tiers:
            for one in tier:
                if one.trial and one.takes(self.at):
                    return one.account
            working = [one for one in tier if not one.trial]
            if working:
                return pick(working, message_id).account
        return None

    def _tiers(self, brand_id: int) -> list[list[Candidate]]:
        mine = [one for one in self.candidates if not one.brands or brand_id in one.brands]
        return [[one for one in mine if one.priority == rank] for rank in sorted({one.priority for one in mine})]


def routes(channel: str, lane: str) -> Routes:
    """What is usable now, read once a batch. Providers are kept open, and remade when their settings change."""
    at = timezone.now()
    rows = (
        ProviderAccount.objects.filter(Q(lanes=[]) | Q(lanes__contains=[lane]), channel=channel, active=True)
        .select_related("breaker")
        .annotate(only=ArrayAgg("brands", filter=Q(brands__isnull=False), default=Value([])))
        .order_by("priority", "pk")
    )
    return Routes([one for row in rows if (one := _candidate(row, at))], at)


def choose_account(channel: str, account_id: int | None = None) -> Account | None:
    """The first active account of the channel that can be used, or the one that was asked for whatever its health."""
    rows = ProviderAccount.objects.filter(channel=channel).order_by("priority", "pk")
    rows = rows.filter(pk=account_id) if account_id else rows.filter(active=True)
    return next((account for row in rows if (account := _account(row, healthy=False))), None)


def pick(candidates: list[Candidate], message_id: int) -> Candidate:
    """By weighted rendezvous hashing: a stable split by weight; when one comes or goes only its own share moves.

    Schindelhauer and Schomaker, "Weighted distributed hash tables" (2005), the logarithmic method.
    """
    if len(candidates) == 1:
        return candidates[0]
    return min(candidates, key=lambda one: -ln(_draw(message_id, one.account.id)) / max(one.weight, 1))


def _draw(message_id: int, account_id: int) -> float:
    """Between 0 and 1, the same for the same two: splitmix64, since Python's own hash of an int is the int."""
    x = (message_id * 0x9E3779B97F4A7C15 + account_id * 0xD1342543DE82EF95) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) + 1) / (_MASK + 2)


def _candidate(row: ProviderAccount, at: datetime) -> Candidate | None:
    breaker: Breaker | None = getattr(row, "breaker", None)
    shut = breaker is not None and breaker.state != Breaker.State.CLOSED
    if breaker and shut and breaker.retry_at and breaker.retry_at > at:
        return None
    account = _account(row, healthy=breaker is None or (not shut and not breaker.failures))
    brands = frozenset(row.only)  # type: ignore[attr-defined]
    return Candidate(account, row.priority, row.weight, brands, trial=shut) if account else None


def _account(row: ProviderAccount, *, healthy: bool) -> Account | None:
    try:
        return Account(row.pk, provider_of(row), row.cost_per_message, healthy)
    except DomainError as error:
        log.warning("provider_account_unusable", account=row.pk, error=error.detail)
        return None
