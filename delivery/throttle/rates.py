"""What the limit behind a bucket is now: it may have been changed, or ended, since the bucket was last used."""

from collections.abc import Callable

from delivery.models import SendOrder
from delivery.throttle import groups
from delivery.throttle.groups import SLOW_PER_SECOND, Group
from delivery.throttle.limits import account_limits


def rate_now(bucket: str) -> float | None:
    """Messages a second, by a bucket's name without its prefix (levels.py); None: there is no such limit any more."""
    kind, _, rest = bucket.partition(":")
    return _RATES[kind](rest)


def _account(name: str) -> float | None:
    return account_limits(int(name)).rate_per_second


def _campaign(name: str) -> float | None:
    per_minute = SendOrder.objects.filter(pk=int(name)).values_list("rate_per_minute", flat=True).first()
    return per_minute / 60 if per_minute else None


def _provider(name: str) -> float | None:
    group = _group(name.partition(":")[2])
    if group is None:
        return None
    return SLOW_PER_SECOND if group.slowed else group.rate_per_second


def _slowed(name: str) -> float | None:
    group = _group(name)
    return SLOW_PER_SECOND if group and group.slowed else None


def _group(key: str) -> Group | None:
    """The group of this key; None when there is none, or when its domain has become another's."""
    now = groups.current()
    kind, _, domain = key.partition(":")
    if not domain:
        return next((group for group in now.by_id.values() if group.key == kind), None)
    found = now.of([domain]).get(domain)
    return found if found and found.key == key else None


_RATES: dict[str, Callable[[str], float | None]] = {
    "account": _account,
    "campaign": _campaign,
    "provider": _provider,
    "slowed": _slowed,
}
