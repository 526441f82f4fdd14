"""Mailbox providers and their limits, as people edit them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import idna
from django.db import transaction

from config.lib.errors import FieldError, Invalid
from delivery import throttle
from delivery.models import MailboxProvider, MailDomain


def checked(provider: MailboxProvider, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they would be stored, domains as A-labels. Raises Invalid naming each that cannot stand."""
    lists = {name: _domains(name, fields[name]) for name in ("domains", "mx_suffixes") if fields.get(name)}
    wanted = {**fields, **lists}
    wrong = [error for check in (_wrong_limits, _taken) for error in check(provider, wanted)]
    if wrong:
        raise Invalid(*wrong)
    return wanted


def save_mailbox_provider(provider: MailboxProvider, fields: Mapping[str, Any]) -> MailboxProvider:
    """Write some fields of a new or known mailbox provider. Raises Invalid naming each that cannot stand."""
    with transaction.atomic():
        for name, value in checked(provider, fields).items():
            setattr(provider, name, value)
        provider.save()
        if "mx_suffixes" in fields:  # whose a domain's servers are now is for the next look-up to say
            MailDomain.objects.exclude(mx="").update(checked_at=None)
    throttle.forget()
    return provider


def delete_mailbox_provider(provider: MailboxProvider) -> None:
    """Its domains are everybody else's from now on. Raises Invalid for the default."""
    if provider.is_default:
        raise Invalid(FieldError("/", "Everybody else's limits cannot be deleted: every domain needs some.", "default"))
    provider.delete()
    throttle.forget()


def end_slowdown(provider: MailboxProvider) -> None:
    """Full speed again before its time, by a person who knows more; also for the domains that are nobody's."""
    with transaction.atomic():
        MailboxProvider.objects.filter(pk=provider.pk).update(slowed_until=None, slowed_reason="")
        if provider.is_default:
            MailDomain.objects.filter(slowed_until__isnull=False).update(slowed_until=None, slowed_reason="")
    throttle.forget()


def _domains(field: str, names: Sequence[str]) -> list[str]:
    return sorted({_a_label(field, name) for name in names})


def _a_label(field: str, name: str) -> str:
    try:
        return idna.encode(name.strip().strip(".").lower(), uts46=True).decode()
    except idna.IDNAError:
        raise Invalid(FieldError(f"/{field}", f"{name!r} is no domain name.", "domain")) from None


def _wrong_limits(provider: MailboxProvider, fields: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in ("connections", "messages_per_connection"):
        if name in fields and not fields[name] >= 1:
            yield FieldError(f"/{name}", "At least 1.", "limit")
    rate = fields.get("rate_per_second")
    if rate is not None and not 0.001 <= rate <= 1_000_000:
        yield FieldError("/rate_per_second", "Between 0.001 and 1,000,000, or nothing for no limit.", "limit")


def _taken(provider: MailboxProvider, fields: Mapping[str, Any]) -> Iterator[FieldError]:
    for other in MailboxProvider.objects.exclude(pk=provider.pk):
        if fields.get("slug") == other.slug:
            yield FieldError("/slug", f"This is {other.name}.", "taken")
        for name in ("domains", "mx_suffixes"):
            for domain in sorted(set(fields.get(name) or ()) & set(getattr(other, name))):
                yield FieldError(f"/{name}", f"{domain} belongs to {other.name}.", "taken")
