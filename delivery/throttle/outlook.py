"""How long mailbox providers would take over an audience, by the limits that they have now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from delivery.models import MailboxProvider, MailDomain
from delivery.throttle import groups
from delivery.throttle.groups import SLOW_PER_SECOND, Group


@dataclass(frozen=True)
class Slowest:
    """Whose mailboxes take longest: `name` of the provider or the domain, messages a second, and seconds in all."""

    name: str
    per_second: float
    seconds: float


def any_limit() -> bool:
    """Whether any mailbox provider has a limit now: without one nobody has to be counted."""
    now = groups.current()
    every = [*now.by_id.values(), *([now.default] if now.default else [])]
    return bool(now.slowed_domains) or any(_rate(group) for group in every)


def slowest(people: Mapping[str, int]) -> Slowest | None:
    """Of people by the domain of their address; None when no limit is on any of these. One query."""
    now = groups.current()
    served_by = dict(MailDomain.objects.filter(domain__in=people).values_list("domain", "provider_id"))
    found = {domain: now.belonging(domain, now.by_domain.get(domain) or served_by.get(domain)) for domain in people}
    sums: Counter[Group] = Counter()
    for domain, group in found.items():
        if group and _rate(group):
            sums[group] += people[domain]
    if not sums:
        return None
    group = max(sums, key=lambda one: sums[one] / (_rate(one) or 1))
    rate = _rate(group) or 1
    return Slowest(_name(group), rate, sums[group] / rate)


def _rate(group: Group) -> float | None:
    return SLOW_PER_SECOND if group.slowed else group.rate_per_second


def _name(group: Group) -> str:
    """A provider's own name; a domain by itself for one that is nobody's."""
    domain = group.key.partition(":")[2]
    return domain or str(MailboxProvider.objects.filter(pk=group.provider_id).values_list("name", flat=True).first())
