"""Which addresses are suppressed, asked of the floor above through settings.SUPPRESSED_ADDRESSES."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.conf import settings

from config.lib.addresses import address_hashes
from config.lib.registry import Registry


class AddressRegister(ABC):
    """Knows addresses to which no marketing may go. One class and one settings line."""

    kind: ClassVar[str]

    @abstractmethod
    def count_keys(self, keys: Sequence[int]) -> set[int]:
        """Those of the address keys that are suppressed. One query."""


REGISTERS: Registry[AddressRegister] = Registry("SUPPRESSED_ADDRESSES", AddressRegister)  # type: ignore[type-abstract]


def suppressed_among(addresses: Mapping[str, int]) -> set[str]:
    """Those of the addresses (normal form -> current key) that are suppressed, also under an older hash key."""
    asked = {key: email for email, key in addresses.items()}
    if len(settings.ADDRESS_KEYS) > 1:
        asked |= {old.key: email for email in addresses for old in address_hashes(email)[1:]}
    keys = list(asked)
    return {asked[key] for register in REGISTERS for key in register().count_keys(keys)}
