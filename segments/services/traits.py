"""Traits of `identify`: they go to the contact, never into the log."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from config.lib.errors import DomainError, Invalid
from segments.cleaning import FIELDS
from segments.errors import RefusedEvent
from segments.events.judging import Event
from segments.events.spelling import snake
from segments.models import Attribute, Contact, Source
from segments.selectors.identity import present_ids
from segments.services.contacts import clean_values, edit_contact, upsert_contact

_DEFAULTS = {"language": "en", "timezone": "UTC"}
_ADDRESS = ("country",)  # of Segment's address: city, country, postalCode, state, street


def apply_traits(event: Event, source: Source) -> int:
    """Write what an identify says of its person; the contact's id. Raises RefusedEvent with a pointer to the trait.

    A browser's key is no secret, so what comes by one fills in what is blank and overwrites nothing.
    """
    try:
        with transaction.atomic():
            values = _values(event)
            if now := present_ids([event.user_id] if event.user_id else []):
                return _told_of_merged(now[event.user_id or ""], values, source)
            if source == Source.BROWSER:
                values = _only_blanks(values)
            return upsert_contact(values).contact.pk
    except Invalid as error:
        first = error.errors[0]
        raise RefusedEvent(first.code, first.detail, _pointer(first.pointer)) from None
    except DomainError as error:
        raise RefusedEvent(error.code, error.detail, "/traits") from None


def _told_of_merged(contact_id: int, values: dict[str, Any], source: Source) -> int:
    """By a name that was given up in a merge: it is the other one's, who keeps their own."""
    contact = Contact.objects.get(pk=contact_id)
    values.pop("external_id", None)
    edit_contact(contact, _blanks_of(contact, values, {}) if source == Source.BROWSER else values)
    return contact.pk


def _values(event: Event) -> dict[str, Any]:
    """Traits by the names of contact fields and registered attributes, in snake case when need be."""
    registered = set(Attribute.objects.values_list("name", flat=True))
    values: dict[str, Any] = {"external_id": event.user_id} if event.user_id else {}
    attributes: dict[str, Any] = {}
    for given, value in _flat(event.traits).items():
        name = given if given in registered else snake(given)
        if name in FIELDS and name != "external_id":
            values[name] = value if isinstance(value, str) or value is None else str(value)
        else:
            attributes[name if name in registered else given] = value
    return {**values, "attributes": attributes} if attributes else values


def _flat(traits: Mapping[str, Any]) -> dict[str, Any]:
    address = traits.get("address")
    if not isinstance(address, Mapping):
        return dict(traits)
    return {name: value for name, value in traits.items() if name != "address"} | {
        name: address[name] for name in _ADDRESS if address.get(name)
    }


def _only_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is known of the person already."""
    clean = clean_values(values)
    names = {name: clean[name] for name in ("external_id", "email") if clean.get(name)}
    found = next((c for name, value in names.items() if (c := Contact.objects.filter(**{name: value}).first())), None)
    if found is None:
        return dict(values)
    return _blanks_of(found, values, {name: value for name, value in names.items() if getattr(found, name) == value})


def _blanks_of(contact: Contact, values: Mapping[str, Any], recognised_by: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {n: v for n, v in (values.get("attributes") or {}).items() if n not in contact.attributes}
    known = {name for name in values if name not in ("external_id", "attributes") and _is_known(contact, name)}
    known -= recognised_by.keys()
    return {**{name: value for name, value in values.items() if name not in known}, "attributes": attributes}


def _is_known(contact: Contact, name: str) -> bool:
    return getattr(contact, name) not in (None, "", _DEFAULTS.get(name))


def _pointer(place: str) -> str:
    """Of a contact's field, the trait it came from."""
    return "/traits/" + place.removeprefix("/").removeprefix("attributes/") if place else "/traits"
