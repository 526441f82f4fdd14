"""The provider account that mail goes through now, with its provider kept open in this process."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from config.lib import tokens
from config.lib.errors import DomainError
from delivery import providers
from delivery.models import ProviderAccount
from delivery.providers.base import Provider, Receipt

log = structlog.get_logger(__name__)
_SEAL = "provider-secret"
_open: dict[int, tuple[str, Provider]] = {}


@dataclass(frozen=True)
class Account:
    id: int
    provider: Provider


@dataclass(frozen=True)
class Routes:
    """The accounts that mail of one lane may go through now."""

    account: Account | None

    def choose(self, *, brand_id: int, message_id: int) -> Account | None:
        """The account for one message, the same for the same message while nothing changes; None: it has to wait."""
        return self.account


def routes(channel: str, lane: str) -> Routes:
    """What is usable now, read once a batch. Providers are kept open, and remade when their settings change."""
    return Routes(choose_account(channel))


def report(account: Account, receipts: Sequence[Receipt], *, at: datetime) -> None:
    """Learn from what a provider answered to a group: an outage opens its breaker."""


def choose_account(channel: str) -> Account | None:
    """The first active account of the channel that can be used, or None."""
    for row in ProviderAccount.objects.filter(channel=channel, active=True).order_by("priority", "pk"):
        try:
            return Account(row.pk, _provider(row))
        except DomainError as error:
            log.warning("provider_account_unusable", account=row.pk, error=error.detail)
    return None


def _provider(row: ProviderAccount) -> Provider:
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
    """Let go of every provider of this process."""
    while _open:
        _open.popitem()[1][1].close()


def _patient_enough(row: ProviderAccount) -> dict[str, Any]:
    """The account's settings, waiting for a reply no longer than the lease of a message allows."""
    limit = settings.SEND_REPLY_TIMEOUT_S
    known = fields(providers.PROVIDERS.get(row.kind).Config) if row.kind in providers.PROVIDERS else ()
    if "reply_timeout" not in {field.name for field in known}:
        return dict(row.config)
    return {**row.config, "reply_timeout": min(row.config.get("reply_timeout", limit), limit)}


def open_secret(row: ProviderAccount) -> str:
    """The account's password or key in clear; never to be logged or shown."""
    return tokens.unseal(_SEAL, row.sealed_secret).decode() if row.sealed_secret else ""


def seal_secret(secret: str) -> str:
    """What is stored of a password or key."""
    return tokens.seal(_SEAL, secret.encode()) if secret else ""
