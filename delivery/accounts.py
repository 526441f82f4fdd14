"""The provider account that mail goes through now, with its provider kept open in this process."""

import json
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings

from config.lib import tokens
from delivery import providers
from delivery.models import ProviderAccount
from delivery.providers.base import Provider

_SEAL = "provider-secret"
_open: dict[int, tuple[str, Provider]] = {}


@dataclass(frozen=True)
class Account:
    id: int
    provider: Provider


def choose_account(channel: str) -> Account | None:
    """The first active account of the channel, or None. Its provider is remade when its settings change."""
    row = ProviderAccount.objects.filter(channel=channel, active=True).order_by("priority", "pk").first()
    return Account(row.pk, _provider(row)) if row else None


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
    if "reply_timeout" not in {field.name for field in fields(providers.PROVIDERS.get(row.kind).Config)}:
        return dict(row.config)
    return {**row.config, "reply_timeout": min(row.config.get("reply_timeout", limit), limit)}


def open_secret(row: ProviderAccount) -> str:
    """The account's password or key in clear; never to be logged or shown."""
    return tokens.unseal(_SEAL, row.sealed_secret).decode() if row.sealed_secret else ""


def seal_secret(secret: str) -> str:
    """What is stored of a password or key."""
    return tokens.seal(_SEAL, secret.encode()) if secret else ""
