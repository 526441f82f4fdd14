"""Mailbox providers and their limits, as people edit them."""

from collections.abc import Mapping, Sequence
from typing import Any

import idna
from django.db import transaction

from config.lib.errors import FieldError, Invalid
from delivery import throttle
from delivery.models import MailboxProvider, MailDomain
from delivery.services.throttles import wake
from delivery.throttle import Because


def save_mailbox_provider(provider: MailboxProvider, fields: Mapping[str, Any]) -> MailboxProvider:
    """Write some fields of a new or known mailbox provider. Raises Invalid naming each that cannot stand."""
    for name, value in fields.items():
        setattr(provider, name, value)
    provider.domains = _domains("domains", provider.domains)
    provider.mx_suffixes = _domains("mx_suffixes", provider.mx_suffixes)
    _check(provider)
    with transaction.atomic():
        regrouped = provider.pk is None or "mx_suffixes" in fields
        provider.save()
        if regrouped:  # whose suffix a domain's servers have now is for the next look-up to say
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


def wake_waiting() -> int:
    """What waits for mailbox providers looks for a place again: after a limit was raised or a slow-down ended.

    At a rate that the database can bear: which of them the change concerns is seen when they are looked at.
    """
    return wake([Because.PROVIDER, Because.SLOWED, Because.CONNECTIONS], rate_per_second=250)


def _domains(field: str, names: Sequence[str]) -> list[str]:
    return sorted({_a_label(field, name) for name in names})


def _a_label(field: str, name: str) -> str:
    try:
        return idna.encode(name.strip().strip(".").lower(), uts46=True).decode()
    except idna.IDNAError:
        raise Invalid(FieldError(f"/{field}", f"{name!r} is no domain name.", "domain")) from None


def _check(provider: MailboxProvider) -> None:
    wrong = []
    if provider.connections < 1 or provider.messages_per_connection < 1:
        wrong.append(FieldError("/connections", "At least one connection, and one message on it.", "limit"))
    if provider.rate_per_second is not None and not 0.001 <= provider.rate_per_second <= 1_000_000:
        wrong.append(FieldError("/rate_per_second", "Between 0.001 and 1,000,000, or null for no limit.", "limit"))
    for other in MailboxProvider.objects.exclude(pk=provider.pk):
        for name in ("domains", "mx_suffixes"):
            taken = sorted(set(getattr(provider, name)) & set(getattr(other, name)))
            wrong += [FieldError(f"/{name}", f"{domain} belongs to {other.name}.", "taken") for domain in taken]
    if wrong:
        raise Invalid(*wrong)
