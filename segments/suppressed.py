"""Which addresses are suppressed, asked of the floor above through settings.SUPPRESSED_ADDRESSES."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db.models import Q
from django_stubs_ext import StrOrPromise

from config.lib.addresses import address_hashes
from config.lib.registry import Registry


@dataclass(frozen=True, slots=True)
class Standing:
    """One reason not to write to an address, in words: why, how far it reaches, since when, and how it came."""

    reason: StrOrPromise
    scope: StrOrPromise
    since: datetime
    source: StrOrPromise = ""


class AddressRegister(ABC):
    """Knows addresses to which no marketing may go. One class and one settings line."""

    kind: ClassVar[str]

    @abstractmethod
    def count_keys(self, keys: Sequence[int]) -> set[int]:
        """Those of the address keys that are suppressed. One query."""

    @abstractmethod
    def standings(self, email: str) -> Sequence[Standing]:
        """All that stands against writing to an address, lists included."""

    @abstractmethod
    def condition(self) -> Q:
        """The contacts to whose address no marketing may go."""


REGISTERS: Registry[AddressRegister] = Registry("SUPPRESSED_ADDRESSES", AddressRegister)  # type: ignore[type-abstract]


def suppressed_among(addresses: Mapping[str, int]) -> set[str]:
    """Those of the addresses (normal form -> current key) that are suppressed, also under an older hash key."""
    asked = {key: email for email, key in addresses.items()}
    if len(settings.ADDRESS_KEYS) > 1:
        asked |= {old.key: email for email in addresses for old in address_hashes(email)[1:]}
    keys = list(asked)
    return {asked[key] for register in REGISTERS for key in register().count_keys(keys)}


def standings(email: str | None) -> list[Standing]:
    """All that stands against writing to an address, the latest first."""
    found = [one for register in REGISTERS for one in register().standings(email)] if email else []
    return sorted(found, key=lambda one: one.since, reverse=True)


def is_suppressed() -> Q:
    """The contacts to whose address no marketing may go."""
    return Q(*(register().condition() for register in REGISTERS), _connector=Q.OR)
