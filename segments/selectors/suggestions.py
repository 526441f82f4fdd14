"""Values to offer while a condition is written: rows by their names, and what people of ours have."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models.fields.json import KeyTransform

from config.lib import public_ids
from segments.models import Contact
from segments.predicates.attributes import PREFIX
from segments.predicates.base import Field
from segments.predicates.types import Choice, Reference

OFFERED = 20
LOOKED_AT = 2_000  # of the newest contacts
# Those that tell people apart are never offered: names, addresses, numbers.
_COLUMNS = ("country", "language", "timezone")
_TYPES = ("string", "list", "number")


@dataclass(frozen=True)
class Suggestion:
    """`value` goes into the rule, `label` is what people read."""

    value: Any
    label: str


def suggestible(field: Field) -> bool:
    """Whether there is anything to offer for a field."""
    kept = field.name in _COLUMNS or (field.name.startswith(PREFIX) and field.type.name in _TYPES)
    return isinstance(field.type, Reference | Choice) or kept


def suggestions(field: Field, words: str) -> list[Suggestion]:
    """The most fitting values. Of data, those that the newest contacts have, the most frequent first."""
    if isinstance(field.type, Reference):
        return _rows(field.type, words)
    if isinstance(field.type, Choice):
        return [Suggestion(*one) for one in field.type.choices.items() if words.lower() in one[1].lower()]
    if not suggestible(field):
        return []
    found = Counter(value for value in _kept(field) if words.lower() in str(value).lower())
    return [Suggestion(value, str(value)) for value, _times in found.most_common(OFFERED)]


def _rows(kind: Reference, words: str) -> list[Suggestion]:
    rows = kind.model.objects.filter(name__icontains=words)
    if hasattr(kind.model, "archived_at"):
        rows = rows.filter(archived_at=None)
    found = rows.order_by("name", "pk").values_list("pk", "name")[:OFFERED]
    return [Suggestion(public_ids.encode(kind.kind, pk), name) for pk, name in found]


def _kept(field: Field) -> Iterator[Any]:
    newest = Contact.objects.order_by("-pk")
    column = field.name if field.name in _COLUMNS else KeyTransform(field.name.removeprefix(PREFIX), "attributes")
    for value in newest.values_list(column, flat=True)[:LOOKED_AT]:
        yield from (one for one in (value if isinstance(value, list) else [value]) if _plain(one))


def _plain(value: Any) -> bool:
    return value not in (None, "") and isinstance(value, str | int | float) and not isinstance(value, bool)
