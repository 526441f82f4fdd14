"""Reads of contacts for those who write to them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from config.lib.sql import queries
from segments.models import Attribute

MERGE_FIELDS = ("external_id", "email", "phone", "first_name", "last_name", "country", "language", "timezone")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person as a message sees them. `fields` has plain values only and leaves out what we do not know."""

    contact_id: int
    email: str
    language: str
    timezone: str
    fields: dict[str, Any]


def merge_contexts(contact_ids: Sequence[int]) -> dict[int, Recipient]:
    """Those of the contacts that exist, by id, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(queries("segments", "contacts")["merge_contexts"], [list(contact_ids)])
        return {row[0]: _recipient(row) for row in cursor.fetchall()}


def known_fields() -> dict[str, str]:
    """Every merge tag that contacts can fill, with its type."""
    return dict.fromkeys(MERGE_FIELDS, "string") | dict(Attribute.objects.values_list("name", "type"))


def _recipient(row: tuple[Any, ...]) -> Recipient:
    contact_id, *values, attributes = row
    fields = {name: value for name, value in json.loads(attributes).items() if value is not None and value != ""}
    fields.update((name, value) for name, value in zip(MERGE_FIELDS, values, strict=True) if value)
    return Recipient(contact_id, values[1] or "", values[6], values[7], fields)
