"""Reads of brands and suppressions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from compliance.models import Brand, Scope, Sender, Suppression
from compliance.words import in_words, source_in_words
from config.lib.addresses import address_hashes
from config.lib.errors import FieldError
from config.lib.sql import queries
from segments.models import ContactList
from segments.suppressed import AddressRegister, Standing


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
            return {key for key, _digest, scope, *_rest in cursor if scope in (Scope.GLOBAL, Scope.BRAND)}

    def standings(self, email: str) -> Sequence[Standing]:
        digests = [address.digest for address in address_hashes(email)]
        keys = [address.key for address in address_hashes(email)]
        found = list(Suppression.objects.filter(address_key__in=keys, address_digest__in=digests, channel="email"))
        names = scope_names((one.scope, one.scope_id) for one in found)
        # while a key is rotated there is a row under each
        rows = {(one.reason, one.scope, one.scope_id): one for one in found}
        return [
            Standing(in_words(one.reason), names[one.scope, one.scope_id], one.created_at, source_in_words(one.source))
            for one in rows.values()
        ]

    def condition(self) -> Q:
        wide = Suppression.objects.filter(channel="email", scope__in=(Scope.GLOBAL, Scope.BRAND))
        return Q(Exists(wide.filter(address_key=OuterRef("email_key"))))


def scope_names(scopes: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """How far each of these (scope, scope_id) reaches, in words. Two queries."""
    wanted = set(scopes)
    brands = dict(Brand.objects.filter(pk__in=_ids(wanted, Scope.BRAND)).values_list("pk", "name"))
    lists = dict(ContactList.objects.filter(pk__in=_ids(wanted, Scope.LIST)).values_list("pk", "name"))
    return {(scope, pk): _scope_name(scope, brands.get(pk, "?"), lists.get(pk, "?")) for scope, pk in wanted}


def _ids(scopes: set[tuple[str, int]], kind: Scope) -> list[int]:
    return [pk for scope, pk in scopes if scope == kind]


def _scope_name(scope: str, brand: str, list_: str) -> str:
    if scope == Scope.GLOBAL:
        return _("all mail")
    return _("mail of %(name)s") % {"name": brand} if scope == Scope.BRAND else _("the list %(name)s") % {"name": list_}


@dataclass(frozen=True)
class PublicBrand:
    """A brand as its public pages show it. `logo`: the file of an image; blank: none."""

    name: str = ""
    accent: str = ""
    logo: str = ""


def public_brand(brand_id: int) -> PublicBrand:
    """All of it blank when the brand is gone."""
    found = Brand.objects.filter(pk=brand_id).values_list("name", "accent_colour", "logo").first()
    return PublicBrand(*found) if found else PublicBrand()
