"""Whose servers take a domain's mail: MX records, asked beside the sending, never in its way."""

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import dns.exception
import dns.resolver
import structlog
from django.conf import settings
from django.db.models import F, Q

from delivery.models import MailboxProvider, MailDomain
from delivery.throttle import groups

log = structlog.get_logger(__name__)
BATCH = 64
FRESH_FOR = timedelta(days=7)
RETRY_AFTER = timedelta(hours=1)
_AT_A_TIME = 16
_PATIENCE_S = 2.0


def look_up_domains(*, at: datetime, limit: int = BATCH) -> int:
    """Ask DNS about domains never or long not asked about, and write whose they are. Returns how many were asked.

    A domain that DNS does not answer for stays whose it was, and is asked about again in an hour.
    """
    due = MailDomain.objects.filter(Q(checked_at=None) | Q(checked_at__lt=at - FRESH_FOR))
    rows = list(due.order_by(F("checked_at").asc(nulls_first=True), "domain")[:limit])
    if not rows:
        return 0
    suffixes = _suffixes(MailboxProvider.objects.all())
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        answers = list(pool.map(_mail_host, [row.domain for row in rows]))
    for row, host in zip(rows, answers, strict=True):
        row.checked_at = at if host is not None else at - FRESH_FOR + RETRY_AFTER
        if host is not None:
            row.mx, row.provider_id = host, _owner(host, suffixes)
    MailDomain.objects.bulk_update(rows, ["checked_at", "mx", "provider"])
    groups.forget()
    failed = sum(host is None for host in answers)
    if failed:
        log.warning("mail_domains_not_looked_up", failed=failed, asked=len(rows))
    return len(rows)


def _suffixes(providers: Iterable[MailboxProvider]) -> dict[str, int]:
    return {suffix: row.pk for row in providers for suffix in row.mx_suffixes}


def _owner(host: str, suffixes: dict[str, int]) -> int | None:
    """The provider with the longest suffix of a host name, whole labels alone."""
    labels = host.split(".")
    tails = (".".join(labels[start:]) for start in range(len(labels)))
    return next((suffixes[tail] for tail in tails if tail in suffixes), None)


def _mail_host(domain: str) -> str | None:
    """The preferred mail server of a domain; itself when it names none (RFC 5321 5.1), "" when it takes no mail.

    None: there was no answer.
    """
    try:
        records = _resolver(settings.DNS_NAMESERVERS).resolve(domain, "MX", lifetime=_PATIENCE_S)
    except dns.resolver.NoAnswer:
        return domain
    except dns.resolver.NXDOMAIN:
        return ""
    except (dns.exception.DNSException, UnicodeError, OSError):
        return None
    best = min(records, key=lambda record: (record.preference, record.exchange))
    return str(best.exchange).rstrip(".").lower()[:253]


def _resolver(nameservers: Collection[str]) -> dns.resolver.Resolver:
    """The system's, or those named in settings as address or address#port."""
    if not nameservers:
        return dns.resolver.get_default_resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [address.partition("#")[0] for address in nameservers]
    ports = {address.partition("#")[0]: int(port) for address in nameservers if (port := address.partition("#")[2])}
    resolver.nameserver_ports = ports
    return resolver
