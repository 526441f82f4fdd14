"""Reads of contacts: what a message may say of its recipient, and finding people by what one knows of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

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
_MOST_NAMES = 5  # of one person
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
    """Ids of people whom `find_contacts` finds, at most so many, in no order; none for no words.

    Each way is gone along its own index from where it begins, so it takes as long among ten million as among ten
    thousand. Sorted by anything else, the planner would take the way along that and pass millions that do not fit.
    """
    rows = Contact.objects.alias(**_NAMES)
    found = [rows.filter(way).order_by(*index).values_list("pk", flat=True)[:most] for way, index in _ways(text)]
    return list(found[0].union(*found[1:]))[:most] if found else []


def find_contacts(text: str) -> QuerySet[Contact]:
    """People by the beginning of a name, address, phone number or external_id; several words: names. By indexes."""
    ways = [way for way, _index in _ways(text)]
    return Contact.objects.alias(**_NAMES).filter(reduce(or_, ways)) if ways else Contact.objects.all()


def _ways(text: str) -> list[tuple[Q, tuple[str, ...]]]:
    """How somebody may be meant, each with the index that finds them so. A whole address is looked up as it is kept."""
    text = text.replace("\x00", "").strip()
    if not text:
        return []
    ways: list[tuple[Q, tuple[str, ...]]] = [
        (Q(external_id__startswith=text), ("external_id",)),
        (_by_phone(text), ("phone",)),
    ]
    if address := _address(text):
        return [*ways, (Q(email=address), ("email",))]
    words = text.lower().split()
    name = " ".join(words)
    ways += [(Q(first__startswith=name), ("first", "last")), (Q(last__startswith=name), ("last",))]
    if len(words) == 1:
        return [*ways, (Q(email__startswith=name), ("email",))]
    for place in range(1, min(len(words), _MOST_NAMES)):
        one, other = " ".join(words[:place]), " ".join(words[place:])
        ways += [(Q(first__startswith=first, last__startswith=last), ("first", "last"))
                 for first, last in ((one, other), (other, one))]  # fmt: skip
    return ways


def _address(text: str) -> str:
    """A whole address as it is kept; blank: it is none."""
    try:
        return normalise_email(text)
    except InvalidAddress:
        return ""


def _by_phone(text: str) -> Q:
    digits = re.sub(r"[ ()./-]", "", text).removeprefix("00").removeprefix("+")
    return Q(phone__startswith=f"+{digits}") if len(digits) >= 3 and digits.isdecimal() else Q(pk__in=[])
