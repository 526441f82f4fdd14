"""Reads of brands and suppressions."""

from collections.abc import Sequence

from django.db import connection

from compliance.models import Brand, Scope, Sender
from config.lib.errors import FieldError
from config.lib.sql import queries
from segments.suppressed import AddressRegister


def brand_problems(brand: Brand | None, sender: Sender | None) -> list[FieldError]:
    """All that a marketing message still lacks of its legal sender (STANDARDS A3.1, A4.1); empty when complete."""
    if brand is None:
        return [FieldError("/brand", "Choose the brand that sends this campaign.", "missing")]
    problems = []
    if not brand.legal_name.strip():
        problems.append(FieldError("/brand/legal_name", f"Give {brand.name} its legal name.", "missing"))
    if not brand.postal_address.strip():
        problems.append(FieldError("/brand/postal_address", f"Give {brand.name} a postal address.", "missing"))
    if sender is None:
        problems.append(FieldError("/sender", "Choose the sender (From) of this campaign.", "missing"))
    elif sender.brand_id != brand.pk:
        problems.append(FieldError("/sender", f"{sender} does not belong to {brand.name}; choose one of its senders."))
    return problems


class SuppressedAddresses(AddressRegister):
    """What lower floors may ask about suppression, without importing this one (SUPPRESSED_ADDRESSES)."""

    kind = "suppressed"

    def count_keys(self, keys: Sequence[int], channel: str = "email") -> set[int]:
        """Those of the address keys to which no marketing may go: suppressed globally or by a brand."""
        with connection.cursor() as cursor:
            cursor.execute(queries("compliance", "suppressions")["of_keys"], [channel, list(keys)])
            return {key for key, _, scope, *_ in cursor if scope in (Scope.GLOBAL, Scope.BRAND)}
