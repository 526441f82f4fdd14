"""Writes of single contacts; imports write theirs in sets (upserting.py)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from config.lib.addresses import address_key
from config.lib.errors import Conflict, DomainError, FieldError, Invalid
from segments.cleaning import FIELDS
from segments.models import Attribute, Contact
from segments.services.attributes import typed_values

_NULLABLE = frozenset({"external_id", "email", "phone"})
_DEFAULTS = {"language": "en", "timezone": "UTC"}


class IdentityConflict(Conflict):
    """The external_id and the email belong to two different people."""

    code = "identity_conflict"


@dataclass(frozen=True)
class Upserted:
    """The contact, and "new", "changed" or "unchanged"."""

    contact: Contact
    outcome: str


def upsert_contact(values: Mapping[str, Any]) -> Upserted:
    """Make or change the person whom external_id, else email, names. What is left out stays; null or blank clears.

    `values`: contact fields as text, and "attributes" as {name: typed value}. Raises Invalid with pointers,
    IdentityConflict when the two identities name two people. Suppression and consent are not touched.
    """
    clean = clean_values(values)
    _refuse(without_identity(clean))
    for _ in range(3):  # somebody else may make the same person at the same moment
        try:
            with transaction.atomic():
                found = _find(clean.get("external_id"), clean.get("email"))
                if found is None:
                    return Upserted(_create(clean), "new")
                return Upserted(found, "changed" if _change(found, clean) else "unchanged")
        except IntegrityError:
            continue
    raise Conflict("The same person is being written by others; try again.")


def create_contact(values: Mapping[str, Any]) -> Contact:
    """A new person. Raises Invalid with pointers, also when the external_id or email is somebody's already."""
    with transaction.atomic():
        _refuse(contact_problems(values))
        return _create(clean_values(values))


def edit_contact(contact: Contact, values: Mapping[str, Any]) -> bool:
    """Change the fields given; whether anything changed. Raises Invalid with pointers, also for a taken identity."""
    with transaction.atomic():
        locked = Contact.objects.select_for_update().get(pk=contact.pk)
        _refuse(contact_problems(values, of=locked))
        changed = _change(locked, clean_values(values))
    contact.refresh_from_db()
    return changed


def set_tracking(contact_ids: Iterable[int], *, on: bool) -> int:
    """Whether opens and clicks of these people are recorded from their next mail on; how many it changed."""
    people = Contact.objects.filter(pk__in=list(contact_ids)).exclude(tracking=on)
    return people.update(tracking=on, updated_at=Now())


def contact_problems(values: Mapping[str, Any], *, of: Contact | None = None) -> list[FieldError]:
    """All that stands against a new person with these values, or against writing them to `of`."""
    try:
        clean = clean_values(values)
    except Invalid as error:
        return list(error.errors)
    before = {"external_id": of.external_id, "email": of.email} if of else {}
    return [*without_identity({**before, **clean}), *_taken(clean, but=of.pk if of else None)]


def clean_values(values: Mapping[str, Any], registry: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Fields and attributes in their normal form, blank as null. Raises Invalid with a pointer to each at fault.

    `registry`: the registered attributes with their types, for whoever cleans many.
    """
    clean: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in values.items():
        try:
            if name == "attributes":
                known = dict(Attribute.objects.values_list("name", "type")) if registry is None else registry
                clean[name] = typed_values(value or {}, known)
            else:
                clean |= _clean_field(name, str(value or "").strip())
        except Invalid as error:
            errors += error.errors
        except DomainError as error:
            errors.append(FieldError(f"/{name}", error.detail, error.code))
    if errors:
        raise Invalid(*errors)
    return clean


def _clean_field(name: str, text: str) -> dict[str, Any]:
    if name not in FIELDS:
        raise Invalid(FieldError(f"/{name}", "is no field of a contact", "unknown"))
    value = FIELDS[name](text) if text else None
    if name != "email":
        return {name: value or _DEFAULTS.get(name, None if name in _NULLABLE else "")}
    return {"email": value, "email_as_given": text, "email_key": address_key(value) if value else None}


def _refuse(problems: Sequence[FieldError]) -> None:
    if problems:
        raise Invalid(*problems)


def without_identity(clean: Mapping[str, Any]) -> list[FieldError]:
    """What stands against values by which nobody can be recognised."""
    if clean.get("external_id") or clean.get("email"):
        return []
    return [FieldError("", "give external_id or email, so that the person can be recognised", "missing")]


def _taken(clean: Mapping[str, Any], but: int | None) -> list[FieldError]:
    return [
        FieldError(f"/{name}", "belongs to another contact", "taken")
        for name in ("external_id", "email")
        if clean.get(name) and Contact.objects.filter(~Q(pk=but), **{name: clean[name]}).exists()
    ]


def _find(external_id: str | None, email: str | None) -> Contact | None:
    """The person meant, locked. One query: of two, the second could see somebody whom the first came too early for."""
    meant = [Q(**{name: value}) for name, value in (("external_id", external_id), ("email", email)) if value]
    found = list(Contact.objects.select_for_update().filter(Q(*meant, _connector=Q.OR)))
    if len(found) > 1:
        raise IdentityConflict
    if found and external_id and found[0].external_id not in (None, external_id):
        raise IdentityConflict("The email belongs to a contact with another external_id.")
    return found[0] if found else None


def _create(clean: Mapping[str, Any]) -> Contact:
    known = {name: value for name, value in clean.get("attributes", {}).items() if value is not None}
    contact = Contact.objects.create(**{**clean, "attributes": known})
    contact.refresh_from_db()
    return contact


def _change(contact: Contact, clean: Mapping[str, Any]) -> bool:
    changes = {name: value for name, value in clean.items() if getattr(contact, name) != value}
    if clean.get("email", "") == contact.email:
        changes.pop("email_as_given", None)
    if "attributes" in clean:
        changes["attributes"] = merged_attributes(contact.attributes, clean["attributes"])
        if changes["attributes"] == contact.attributes:
            del changes["attributes"]
    for name, value in changes.items():
        setattr(contact, name, value)
    if changes:
        contact.updated_at = Now()
        contact.save(update_fields=[*changes, "updated_at"])
        contact.refresh_from_db()
    return bool(changes)


def merged_attributes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old with the new over them; those that are None are taken away."""
    return {name: value for name, value in {**old, **new}.items() if value is not None}
