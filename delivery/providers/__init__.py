"""Provider plug-ins, by the kind that account rows store."""

from collections.abc import Mapping
from typing import Any

from config.lib.errors import FieldError, Invalid
from config.lib.registry import Registry
from delivery.providers.base import Envelope, Outcome, Provider, Receipt, Trouble, configured

__all__ = ["PROVIDERS", "Envelope", "Outcome", "Provider", "Receipt", "Trouble", "for_account"]

PROVIDERS: Registry[Provider] = Registry("PROVIDERS", Provider)  # type: ignore[type-abstract]


def for_account(kind: str, config: Mapping[str, Any], secret: str = "") -> Provider:
    """The provider of an account row: keep it for the life of the process. Opens nothing yet.

    Raises Invalid naming what is wrong in the row.
    """
    if kind not in PROVIDERS:
        raise Invalid(FieldError("/kind", f"{kind!r} is not one of {', '.join(PROVIDERS.kinds())}", "unknown"))
    provider = PROVIDERS.get(kind)
    return provider(configured(provider.Config, config, secret))
