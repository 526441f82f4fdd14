"""Reads of contacts: what a message may say of its recipient, and finding people by what one knows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from config.lib.addresses import InvalidAddress, normalise_email
from segments.cleaning import Value
from segments.models import Attribute, Contact

_FIELDS = ("external_id", "email", "phone", "first_name", "last_name", "country", "language", "timezone")
_PLAIN = (str, int, float, list)  # bool is an int


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person as a message sees them. `fields`: contact fields and attributes, without those not known."""

    contact_id: int
    email: str | None
    language: str
    timezone: str
    fields: dict[str, Value]
    tracking: bool = True


def merge_contexts(contact_ids: Sequence[int]) -> dict[int, Recipient]:
    """Recipients by contact id, in one query; ids of nobody are left out."""
    rows = Contact.objects.filter(pk__in=list(contact_ids)).values_list("pk", "tracking", "attributes", *_FIELDS)
    return {
        pk: _recipient(pk, tracking, attributes, dict(zip(_FIELDS, row, strict=True)))
        for pk, tracking, attributes, *row in rows
    }


def _recipient(pk: int, tracking: bool, attributes: Mapping[str, Any], contact: dict[str, Any]) -> Recipient:
    fields = {
        name: value
        for name, value in {**attributes, **contact}.items()
        if isinstance(value, _PLAIN) and value not in ("", [])
    }
    return Recipient(pk, contact["email"], contact["language"], contact["timezone"], fields, tracking)


def known_fields() -> dict[str, str]:
    """Every name that may stand in `Recipient.fields`, with its type: string, number, boolean, date or list."""
    registered = dict(Attribute.objects.values_list("name", "type"))
    return registered | dict.fromkeys(_FIELDS, Attribute.Type.STRING.value)


def find_contacts(text: str) -> QuerySet[Contact]:
    """People by address, phone, external_id, or the beginning of a name: by indexes, except for names."""
    text = text.strip()
    wanted = Q(external_id=text) | Q(phone=text.replace(" ", ""))
    try:
        return Contact.objects.filter(wanted | Q(email=normalise_email(text)))
    except InvalidAddress:
        names = Q()
        for word in text.split():
            names &= (
                Q(first_name__istartswith=word) | Q(last_name__istartswith=word) | Q(email__startswith=word.lower())
            )
        return Contact.objects.filter(wanted | names if text else Q())
