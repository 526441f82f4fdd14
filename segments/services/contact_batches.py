"""Many people made or changed at once, each as if it were done by itself, one after the other (services/contacts.py).

Those that are known are read and locked by one statement, and what differs is written by two.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Q

from config.lib.errors import Conflict, FieldError, Invalid
from config.lib.sql import Statements
from segments.models import Attribute, Contact
from segments.services.contacts import IdentityConflict, clean_values, merged_attributes, without_identity

_SQL = Statements("segments", "contacts")
MOST = 1000
_TRIES = 5
_FIELDS = ("external_id", "email", "email_as_given", "email_key", "phone", "first_name", "last_name", "country",
           "language", "timezone")  # fmt: skip
_KEPT = (*_FIELDS, "attributes")
_NEW: Mapping[str, Any] = {
    "external_id": None, "email": None, "email_as_given": "", "email_key": None, "phone": None, "first_name": "",
    "last_name": "", "country": "", "language": "en", "timezone": "UTC", "attributes": {},
}  # fmt: skip


@dataclass
class Result:
    """What became of one item: new, changed, unchanged, conflict or invalid, the last two with what is wrong."""

    outcome: str
    person: "_Person | None" = None
    errors: Sequence[FieldError] = ()

    @property
    def contact_id(self) -> int | None:
        return self.person.pk if self.person else None


@dataclass
class _Person:
    """Somebody as they are while the items go by; `pk` is None until they are made."""

    pk: int | None
    values: dict[str, Any]
    touched: bool = False
    moved: bool = False  # gave up an address or id that another item may have taken


@dataclass
class _People:
    """Whom the items can mean, by what they are recognised by."""

    by_id: dict[str, _Person] = field(default_factory=dict)
    by_email: dict[str, _Person] = field(default_factory=dict)

    def add(self, person: _Person) -> None:
        if external_id := person.values["external_id"]:
            self.by_id[external_id] = person
        if email := person.values["email"]:
            self.by_email[email] = person

    def find(self, clean: Mapping[str, Any]) -> _Person | None:
        """Raises IdentityConflict."""
        external_id, email = clean.get("external_id"), clean.get("email")
        by_id, by_email = self.by_id.get(external_id or ""), self.by_email.get(email or "")
        if by_id and by_email and by_id is not by_email:
            raise IdentityConflict
        found = by_id or by_email
        if found and external_id and found.values["external_id"] not in (None, external_id):
            raise IdentityConflict("The email belongs to a contact with another external_id.")
        return found

    def change(self, person: _Person, changes: Mapping[str, Any]) -> None:
        self.by_id.pop(person.values["external_id"] or "", None)
        self.by_email.pop(person.values["email"] or "", None)
        person.moved |= any(person.values[name] for name in ("external_id", "email") if name in changes)
        person.values |= changes
        person.touched = True
        self.add(person)


def upsert_contacts(items: Sequence[Any]) -> list[Result]:
    """Make or change the person whom each item's external_id, else email, names; what became of each, in order.

    An item that is wrong harms no other. What is left out stays, null or blank clears. The same items again change
    nothing. Raises Invalid for more than MOST, and Conflict when the same people are being written by others.
    """
    if len(items) > MOST:
        raise Invalid(FieldError("/contacts", f"has {len(items):,} items, at most {MOST:,} go at once", "too_many"))
    registry = dict(Attribute.objects.values_list("name", "type"))
    cleaned = [_clean(item, registry) for item in items]
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return _write(cleaned)
        except IntegrityError:  # somebody else made or changed one of them meanwhile
            continue
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected) or connection.in_atomic_block:
                raise
    raise Conflict("The same people are being written by others; try again.")


def _clean(item: Any, registry: Mapping[str, str]) -> dict[str, Any] | Sequence[FieldError]:
    if not isinstance(item, Mapping):
        return [FieldError("", "must be an object")]
    if wrong := [
        name for name, value in item.items() if name != "attributes" and isinstance(value, dict | list | bool)
    ]:
        return [FieldError(f"/{name}", "must be text") for name in wrong]
    if not isinstance(item.get("attributes"), dict | None):
        return [FieldError("/attributes", "must be an object")]
    try:
        clean = clean_values(item, registry)
    except Invalid as error:
        return error.errors
    return without_identity(clean) or clean


def _write(cleaned: Sequence[dict[str, Any] | Sequence[FieldError]]) -> list[Result]:
    people = _known([one for one in cleaned if isinstance(one, dict)])
    results = [_applied(one, people) for one in cleaned]
    persons = list({id(one.person): one.person for one in results if one.person}.values())
    _release([one.pk for one in persons if one.moved and one.pk])
    _update([one for one in persons if one.touched and one.pk])
    _insert([one for one in persons if one.pk is None])
    return results


def _known(items: Iterable[Mapping[str, Any]]) -> _People:
    ids = {one["external_id"] for one in items if one.get("external_id")}
    emails = {one["email"] for one in items if one.get("email")}
    people = _People()
    meant = Contact.objects.filter(Q(external_id__in=ids) | Q(email__in=emails))
    for row in meant.select_for_update().order_by("pk").values("pk", *_KEPT):
        people.add(_Person(row.pop("pk"), row))
    return people


def _applied(clean: dict[str, Any] | Sequence[FieldError], people: _People) -> Result:
    if not isinstance(clean, dict):
        return Result("invalid", errors=clean)
    try:
        person = people.find(clean)
    except IdentityConflict as error:
        return Result("conflict", errors=[FieldError("", error.detail, error.code)])
    if person is None:
        known = merged_attributes({}, clean.get("attributes", {}))
        people.add(person := _Person(None, {**_NEW, **clean, "attributes": known}))
        return Result("new", person)
    changes = _changes(person, clean)
    if changes:
        people.change(person, changes)
    return Result("changed" if changes else "unchanged", person)


def _changes(person: _Person, clean: Mapping[str, Any]) -> dict[str, Any]:
    new = dict(clean)
    if clean.get("email", "") == person.values["email"]:
        new.pop("email_as_given", None)
    if "attributes" in clean:
        new["attributes"] = merged_attributes(person.values["attributes"], clean["attributes"])
    return {name: value for name, value in new.items() if person.values[name] != value}


def _insert(persons: Sequence[_Person]) -> None:
    made = Contact.objects.bulk_create([Contact(**one.values) for one in persons])
    for one, row in zip(persons, made, strict=True):
        one.pk = row.pk


def _release(ids: Sequence[int]) -> None:
    """Unique keys are checked row by row: who takes an address over may come before who gives it up."""
    if ids:
        Contact.objects.filter(pk__in=ids).update(external_id=None, email=None, email_key=None)


def _update(persons: Sequence[_Person]) -> None:
    """In the order of their ids, as they were locked."""
    rows = [{"id": one.pk, **one.values} for one in sorted(persons, key=lambda one: one.pk or 0)]
    if rows:
        _SQL.count("update_many", rows=orjson.dumps(rows).decode())
