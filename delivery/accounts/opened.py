"""The providers of this process: opened when first used, kept, and made anew when their account is edited."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from delivery import providers
from delivery.accounts.seals import open_secret
from delivery.models import ProviderAccount
from delivery.providers.base import Provider

_open: dict[int, tuple[str, Provider]] = {}
resting: dict[int, datetime] = {}
"""Until when accounts rest whose breaker this process opened: what it knows before its next batch reads it."""


@dataclass(frozen=True)
class Account:
    """An account as a batch found it: its price and its health are those of then."""

    id: int
    provider: Provider
    cost: Decimal = Decimal(0)
    healthy: bool = True
    """Nothing was noted against it: an answer that is well changes nothing."""


def provider_of(row: ProviderAccount) -> Provider:
    """Raises DomainError when the row's settings are wrong or its secret cannot be opened."""
    fingerprint = json.dumps([row.kind, row.config, row.sealed_secret], sort_keys=True)
    known = _open.get(row.pk)
    if known and known[0] == fingerprint:
        return known[1]
    if known:
        known[1].close()
    provider = providers.for_account(row.kind, _patient_enough(row), open_secret(row))
    _open[row.pk] = (fingerprint, provider)
    return provider


def close_all() -> None:
    """Let go of every provider of this process, and of what it knows of them."""
    resting.clear()
    while _open:
        _open.popitem()[1][1].close()


def _patient_enough(row: ProviderAccount) -> dict[str, Any]:
    """The account's settings, waiting for a reply no longer than the lease of a message allows."""
    limit = settings.SEND_REPLY_TIMEOUT_S
    known = fields(providers.PROVIDERS.get(row.kind).Config) if row.kind in providers.PROVIDERS else ()
    if "reply_timeout" not in {field.name for field in known}:
        return dict(row.config)
    return {**row.config, "reply_timeout": min(row.config.get("reply_timeout", limit), limit)}
