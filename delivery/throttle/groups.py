"""Whose mailboxes a domain's are: its mailbox provider, or itself when it is nobody's we know."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from delivery.models import MailboxProvider, MailDomain
from delivery.throttle.keeping import Kept

_ROWS_FOR_S = 2.0  # a changed limit is in force everywhere by then
_DOMAINS_FOR_S = 60.0
SLOW_PER_SECOND = 1 / 60


@dataclass(frozen=True, slots=True)
class Group:
    """Mailboxes behind the same servers. `key` names them: a provider's slug, or `default:` and the domain.

    `connections` None: it has no share of connections to itself.
    """

    key: str
    provider_id: int
    rate_per_second: float | None
    connections: int | None
    messages_per_connection: int
    slowed: bool = False


@dataclass(frozen=True)
class Groups:
    """All mailbox providers as they stand now."""

    by_id: Mapping[int, Group]
    by_domain: Mapping[str, int]
    default: Group | None
    slowed_domains: Collection[str]

    def of(self, domains: Collection[str]) -> dict[str, Group]:
        """The group of each domain. One query at most, for those not met lately; DNS is asked elsewhere."""
        served_by = _served_by([domain for domain in domains if domain not in self.by_domain])
        found = {
            domain: self.belonging(domain, self.by_domain.get(domain) or served_by.get(domain)) for domain in domains
        }
        return {domain: group for domain, group in found.items() if group}

    def belonging(self, domain: str, provider_id: int | None) -> Group | None:
        """The group of a domain that this provider serves, as far as one is known."""
        provider = self.by_id.get(provider_id) if provider_id else None
        if provider and provider != self.default:
            return provider
        if self.default is None:
            return None
        slowed = domain in self.slowed_domains
        return replace(self.default, key=f"default:{domain}", slowed=slowed, connections=1 if slowed else None)


_rows: Kept[str, Groups] = Kept(_ROWS_FOR_S)
_domains: Kept[str, int | None] = Kept(_DOMAINS_FOR_S, most=200_000)


def forget() -> None:
    """Read everything anew at the next message."""
    forget_rows()
    _domains.forget()


def forget_rows() -> None:
    """Read the mailbox providers anew, not whose each domain is."""
    _rows.forget()


def current() -> Groups:
    """The mailbox providers, at most two seconds old."""
    return _rows.get("", lambda _: _read(timezone.now()))


def _read(at: datetime) -> Groups:
    rows = list(MailboxProvider.objects.all())
    by_id = {row.pk: _group_of(row, at) for row in rows}
    return Groups(
        by_id,
        {domain: row.pk for row in rows for domain in row.domains},
        next((by_id[row.pk] for row in rows if row.is_default), None),
        set(MailDomain.objects.filter(slowed_until__gt=at).values_list("domain", flat=True)),
    )


def _group_of(row: MailboxProvider, at: datetime) -> Group:
    slowed = bool(row.slowed_until and row.slowed_until > at)
    connections = 1 if slowed else row.connections
    return Group(row.slug, row.pk, row.rate_per_second, connections, row.messages_per_connection, slowed)


def _served_by(domains: Collection[str]) -> dict[str, int | None]:
    """The provider that DNS named for each domain, None where it named none we know or was not asked yet."""
    found = _domains.among(domains)
    missing = [domain for domain in domains if domain not in found]
    read = _read_domains(missing) if missing else {}
    return found | {domain: _domains.put(domain, provider_id) for domain, provider_id in read.items()}


def _read_domains(domains: Collection[str]) -> dict[str, int | None]:
    known: dict[str, int | None] = dict(
        MailDomain.objects.filter(domain__in=domains).values_list("domain", "provider_id")
    )
    wanted = sorted({domain for domain in domains if domain and domain not in known})
    if wanted:  # in one order, so that two workers do not wait for each other
        MailDomain.objects.bulk_create([MailDomain(domain=domain) for domain in wanted], ignore_conflicts=True)
    return {domain: known.get(domain) for domain in domains}
