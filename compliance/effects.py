"""What an opt-out does on the floors above: plug-ins named in OPT_OUT_EFFECTS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from compliance.models import Reason, Scope
from config.lib.addresses import AddressHash
from config.lib.registry import Registry


@dataclass(frozen=True)
class OptOut:
    """An address that must not be written to any more in a scope, or several for which all else is the same.

    `addresses` are its hashes under every key it is known by;
    `is_new` is false when it was already suppressed in this scope.
    """

    addresses: Sequence[AddressHash]
    channel: str
    scope: Scope
    scope_id: int
    reason: Reason
    at: datetime
    is_new: bool
    contact_id: int | None = None
    message_id: int | None = None

    @property
    def address_keys(self) -> list[int]:
        return [address.key for address in self.addresses]

    @property
    def is_under_current_key(self) -> bool:
        """False when only an older key's hash is known: what is in flight to the address now has another hash."""
        return any(address.key_id == settings.ADDRESS_KEYS[0][0] for address in self.addresses)


class OptOutEffect:
    """One consequence of an opt-out. Both methods may be called again for the same opt-out."""

    kind: str

    def apply(self, opt_out: OptOut) -> None:
        """Write what follows from it, inside the transaction that lays the suppression."""
        raise NotImplementedError

    def in_flight(self, opt_out: OptOut) -> bool:
        """Whether something to this address may still be handed over, read after that transaction committed."""
        raise NotImplementedError


effects: Registry[OptOutEffect] = Registry("OPT_OUT_EFFECTS", OptOutEffect)
