"""Passwords and keys of accounts at rest: sealed under the newest of TOKEN_KEYS, opened by whichever sealed them."""

import base64

from django.conf import settings

from config.lib import tokens
from delivery.models import ProviderAccount

_PURPOSE = "provider-secret"


def open_secret(row: ProviderAccount) -> str:
    """The account's password or key in clear; never to be logged or shown. Raises InvalidToken when its key is gone."""
    return tokens.unseal(_PURPOSE, row.sealed_secret).decode() if row.sealed_secret else ""


def seal_secret(secret: str) -> str:
    """What is stored of a password or key."""
    return tokens.seal(_PURPOSE, secret.encode()) if secret else ""


def key_id(sealed: str) -> int:
    """The id of the key that sealed it."""
    return base64.urlsafe_b64decode(sealed[:4])[0]


def is_current(sealed: str) -> bool:
    """Whether it is sealed under the newest key, or there is nothing to seal."""
    return not sealed or key_id(sealed) == settings.TOKEN_KEYS[0][0]
