"""Making one person of two contacts. Nothing guesses this: somebody looked at both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from config.lib.errors import Conflict, NotFound
from config.lib.sql import Statements
from segments.merge_effects import EFFECTS, Merge
from segments.models import Contact, ContactMerge, FormerContact

_SQL = Statements("segments", "merging")
_EVENTS = Statements("segments", "events")
_BLANK = {"language": "en", "timezone": "UTC"}
FIELDS = ("external_id", "email", "phone", "first_name", "last_name", "country", "language", "timezone")
_WITH_EMAIL = ("email_as_given", "email_key")


class SameContact(Conflict):
    """These two are one contact already."""

    code = "same_contact"


def merge_contacts(*, kept_id: int, gone_id: int, at: datetime, actor_id: int | None = None) -> Contact:
    """Make `gone` part of `kept`: what kept lacks is filled in, lists are those of both, and so is the history.

    What one of them refused, the person refused: opt-outs and tracking are the union, by settings.MERGE_EFFECTS.
    The logs are not touched; they are read through FormerContact. Raises NotFound, SameContact.
    """
    if kept_id == gone_id:
        raise SameContact
    with transaction.atomic():
        kept, gone = _locked(kept_id, gone_id)
        changes = _filled_in(kept, gone)
        moved = _move(kept_id, gone_id)
        email = changes.get("email", kept.email)
        given_up = gone.email if gone.email != email else None
        for effect in EFFECTS:
            moved |= effect().apply(Merge(kept_id, gone_id, email, given_up, at, actor_id)) or {}
        _replace(kept, gone, changes)
        taken = _names(changes, kept, gone)
        told = {"taken": taken, "moved": {name: number for name, number in moved.items() if number}}
        ContactMerge.objects.create(kept_id=kept_id, gone_id=gone_id, actor_id=actor_id, merged_at=at, **told)
    kept.refresh_from_db()
    return kept


def _locked(kept_id: int, gone_id: int) -> tuple[Contact, Contact]:
    """Both, and no batch of events at work: one that had looked up the contact that goes would write to nobody."""
    _EVENTS.count("alone")
    rows = Contact.objects.select_for_update().filter(pk__in=[kept_id, gone_id]).order_by("pk")
    people = {one.pk: one for one in rows}
    if len(people) < 2:
        raise NotFound
    return people[kept_id], people[gone_id]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What merging two would do: fields and attributes filled in, and those of the one that goes that are given up."""

    filled_in: Mapping[str, Any]
    given_up: Mapping[str, Any]


def foresee(kept: Contact, gone: Contact) -> Foreseen:
    """By the same rules as the merge. Raises SameContact."""
    if kept.pk == gone.pk:
        raise SameContact
    changes = _filled_in(kept, gone)
    filled = {name: value for name, value in changes.items() if name in FIELDS}
    filled |= {name: gone.attributes[name] for name in gone.attributes if name not in kept.attributes}
    ours = {name: getattr(gone, name) for name in FIELDS if not _is_blank(gone, name)} | gone.attributes
    theirs = {name: getattr(kept, name) for name in FIELDS} | kept.attributes
    given_up = {name: value for name, value in ours.items() if name not in filled and theirs.get(name) != value}
    return Foreseen(filled, given_up)


def _move(kept_id: int, gone_id: int) -> dict[str, int]:
    """How many rows of each kind went over."""
    names = ("lists", "activity", "activity_totals", "former")
    moved = {name: _SQL.count(name, kept=kept_id, gone=gone_id) for name in names}
    return {"lists": moved["lists"], "hours_of_activity": moved["activity"]}


def _replace(kept: Contact, gone: Contact, changes: Mapping[str, Any]) -> None:
    given_up = None if "external_id" in changes else gone.external_id
    # it may have been given up before and have come back as somebody new: it means whom it was merged into last
    FormerContact.objects.filter(external_id=given_up, external_id__isnull=False).update(external_id=None)
    FormerContact.objects.create(former_id=gone.pk, contact_id=kept.pk, external_id=given_up)
    Contact.objects.filter(pk=gone.pk).delete()
    Contact.objects.filter(pk=kept.pk).update(**changes, updated_at=Now())


def _names(changes: Mapping[str, Any], kept: Contact, gone: Contact) -> list[str]:
    return sorted({*changes} - {"attributes", *_WITH_EMAIL} | (gone.attributes.keys() - kept.attributes.keys()))


def _filled_in(kept: Contact, gone: Contact) -> dict[str, Any]:
    """What kept takes over: what it has none of itself. A refusal of either is a refusal."""
    changes = {name: getattr(gone, name) for name in FIELDS if _is_blank(kept, name) and not _is_blank(gone, name)}
    if "email" in changes:
        changes |= {name: getattr(gone, name) for name in _WITH_EMAIL}
    if gone.attributes.keys() - kept.attributes.keys():
        changes["attributes"] = {**gone.attributes, **kept.attributes}
    if kept.tracking and not gone.tracking:
        changes["tracking"] = False
    return changes


def _is_blank(contact: Contact, name: str) -> bool:
    return getattr(contact, name) in (None, "", _BLANK.get(name))
