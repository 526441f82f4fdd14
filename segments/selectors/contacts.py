"""Reads of contacts: what a message may say of its recipient, and finding people by what one knows of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

import orjson
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Collate, Lower

from config.lib.addresses import InvalidAddress, normalise_email
from config.lib.sql import queries
from segments.cleaning import Value
from segments.models import Attribute, Contact

_FIELDS = ("external_id", "email", "phone", "first_name", "last_name", "country", "language", "timezone")
_NAMES = {"first": Collate(Lower("first_name"), "C"), "last": Collate(Lower("last_name"), "C")}
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
    with connection.cursor() as cursor:
        # without the ORM: 3 us a person instead of 11
        cursor.execute(queries("segments", "contacts")["recipients"], [list(contact_ids)])
        return {row[0]: _recipient(*row) for row in cursor.fetchall()}


def _recipient(pk: int, tracking: bool, attributes: str, *columns: str | None) -> Recipient:
    fields: dict[str, Value] = {name: value for name, value in orjson.loads(attributes).items() if _is_plain(value)}
    for name, value in zip(_FIELDS, columns, strict=True):
        if value:
            fields[name] = value
        else:
            fields.pop(name, None)
    email, language, timezone = columns[1], columns[6] or "", columns[7] or ""
    return Recipient(pk, email, language, timezone, fields, tracking)


def _is_plain(value: object) -> bool:
    return isinstance(value, _PLAIN) and value not in ("", [])


def known_fields() -> dict[str, str]:
    """Every name that may stand in `Recipient.fields`, with its type: string, number, boolean, date or list."""
    registered = dict(Attribute.objects.values_list("name", "type"))
    return registered | dict.fromkeys(_FIELDS, Attribute.Type.STRING.value)


def first_found(text: str, most: int) -> list[int]:
    """Ids of people whom `find_contacts` finds, at most so many, in no order.

    One word is looked up in each index from where it begins, so it takes as long among ten million as among ten
    thousand. Sorted by anything else, the planner would take the way along that and pass millions that do not fit.
    """
    text = text.replace("\x00", "").strip()
    if len(text.split()) != 1:
        return list(find_contacts(text).order_by().values_list("pk", flat=True)[:most])
    rows = Contact.objects.alias(**_NAMES)
    address = _address(text)
    begins = [
        (rows.filter(external_id__startswith=text), "external_id"),
        (rows.filter(_by_phone(text)), "phone"),
        (rows.filter(email=address) if address else rows.filter(email__startswith=text.lower()), "email"),
        *((rows.filter(**{f"{name}__startswith": text.lower()}), name) for name in _NAMES if not address),
    ]
    found = [some.order_by(index).values_list("pk", flat=True)[:most] for some, index in begins]
    return list(found[0].union(*found[1:]))[:most]


def find_contacts(text: str) -> QuerySet[Contact]:
    """People by the beginning of a name, address, phone number or external_id; several words: names. By indexes."""
    text = text.replace("\x00", "").strip()
    if not text:
        return Contact.objects.all()
    rows = Contact.objects.alias(**_NAMES)
    return rows.filter(Q(external_id__startswith=text) | _by_phone(text) | _by_words(text))


def _by_words(text: str) -> Q:
    """Each word begins a name or the address; a whole address is looked up as it is kept."""
    if address := _address(text):
        return Q(email=address)
    words = text.lower().split()
    found = [Q(first__startswith=word) | Q(last__startswith=word) | Q(email__startswith=word) for word in words]
    return reduce(and_, found)


def _address(text: str) -> str:
    """A whole address as it is kept; blank: it is none."""
    try:
        return normalise_email(text)
    except InvalidAddress:
        return ""


def _by_phone(text: str) -> Q:
    digits = re.sub(r"[ ()./-]", "", text).removeprefix("00").removeprefix("+")
    return Q(phone__startswith=f"+{digits}") if len(digits) >= 3 and digits.isdecimal() else Q(pk__in=[])
