"""What the settings of every ESP account have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class HttpConfig:
    """How many requests at once, and how patiently. Times are in seconds. Raises ValueError saying what to change."""

    connections: int = 8
    connect_timeout: float = 10.0
    reply_timeout: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.connections <= 64:
            raise ValueError("connections is 1-64")
        if not (self.connect_timeout > 0 and self.reply_timeout > 0):
            raise ValueError("connect_timeout and reply_timeout are more than 0")


@dataclass(frozen=True, kw_only=True)
class KeyConfig(HttpConfig):
    """An account that one key opens."""

    api_key: str = field(repr=False, metadata={"secret": True})


def one_of(name: str, value: str, allowed: Mapping[str, Any]) -> None:
    """Raises ValueError naming what is allowed. Addresses of APIs are chosen from a list, never typed (no SSRF)."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; it is one of {', '.join(allowed)}")
