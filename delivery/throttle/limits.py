"""Which limits a message is under."""

from dataclasses import dataclass

from delivery.models import ProviderAccount
from delivery.providers import PROVIDERS
from delivery.throttle.demands import Because, Demand, Limit
from delivery.throttle.groups import SLOW_PER_SECOND, Group
from delivery.throttle.keeping import Kept

_FOR_S = 2.0


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """What a provider account says of itself: its own rate, and whether it minds those of mailbox providers.

    `connections`: the most that one worker keeps to it.
    """

    rate_per_second: float | None
    shapes: bool
    connections: int = 1


_accounts: Kept[int, AccountLimits] = Kept(_FOR_S)


def forget() -> None:
    _accounts.forget()


def account_limits(account_id: int) -> AccountLimits:
    """At most two seconds old."""
    return _accounts.get(account_id, _read)


def _read(account_id: int) -> AccountLimits:
    row = ProviderAccount.objects.filter(pk=account_id).first()
    if row is None or row.kind not in PROVIDERS:
        return AccountLimits(None, shapes=False)
    provider = PROVIDERS.get(row.kind)
    shapes = provider.shapes if row.shaping is None else row.shaping
    connections = row.config.get("connections") or getattr(provider.Config, "connections", 1)
    return AccountLimits(row.rate_per_second, shapes, connections)


def limits_of(demand: Demand, account_id: int, account: AccountLimits, group: Group | None) -> tuple[Limit, ...]:
    """Every limit that one message has to keep; none: it may go."""
    found = []
    if account.rate_per_second:
        found.append(Limit(f"throttle:account:{account_id}", account.rate_per_second, Because.ACCOUNT))
    if demand.rate_per_minute:
        found.append(Limit(f"throttle:campaign:{demand.order_id}", demand.rate_per_minute / 60, Because.CAMPAIGN))
    if group and group.slowed:
        found.append(Limit(f"throttle:slowed:{group.key}", SLOW_PER_SECOND, Because.SLOWED))
    elif group and group.rate_per_second:
        name = f"throttle:provider:{demand.sending_domain}:{group.key}"
        found.append(Limit(name, group.rate_per_second, Because.PROVIDER))
    return tuple(found)
