"""Writes of lists and of who is on them."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from config.lib.errors import Conflict, FieldError, Invalid
from segments.models import Contact, ContactList, ListMembership


class ListArchived(Conflict):
    """This list is archived: restore it first."""

    code = "list_archived"


@transaction.atomic
def create_list(*, name: str, description: str = "", is_seed: bool = False, public_name: str = "") -> ContactList:
    """A new empty list. Raises Invalid for a name blank or taken."""
    rest = {"description": description.strip(), "is_seed": is_seed, "public_name": _one_line(public_name)}
    made, new = ContactList.objects.get_or_create(name=_name(name), defaults=rest)
    if not new:
        raise _taken(made.name)
    return made


@transaction.atomic
def edit_list(list_: ContactList, *, name: str, description: str, is_seed: bool, public_name: str) -> None:
    """Rename a list and say what it is for. Raises Invalid for a name blank or taken."""
    list_.name, list_.description, list_.is_seed = _name(name), description.strip(), is_seed
    list_.public_name = _one_line(public_name)
    if ContactList.objects.filter(name=list_.name).exclude(pk=list_.pk).exists():
        raise _taken(list_.name)
    list_.save(update_fields=["name", "public_name", "description", "is_seed"])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _name(text: str) -> str:
    name = _one_line(text)
    if not name:
        raise Invalid(FieldError("/name", "give the list a name", "missing"))
    return name


def _taken(name: str) -> Invalid:
    return Invalid(FieldError("/name", f"there is a list named {name} already", "taken"))


def archive_list(list_: ContactList, *, at: datetime) -> None:
    """Take a list out of use; it keeps its people, and opt-outs from it keep their meaning."""
    list_.archived_at = list_.archived_at or at
    list_.save(update_fields=["archived_at"])


def restore_list(list_: ContactList) -> None:
    list_.archived_at = None
    list_.save(update_fields=["archived_at"])


def add_to_list(list_: ContactList, contact_ids: Collection[int]) -> int:
    """Put people on a list; how many were not on it. Unknown ids are passed over. Raises ListArchived."""
    if list_.archived_at:
        raise ListArchived
    with transaction.atomic():
        known = Contact.objects.filter(pk__in=contact_ids).exclude(list_memberships__list=list_)
        rows = [ListMembership(list=list_, contact_id=pk) for pk in known.values_list("pk", flat=True)]
        return len(ListMembership.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True))


def remove_from_list(list_: ContactList, contact_ids: Collection[int]) -> int:
    """Take people off a list; how many were on it."""
    deleted, _ = ListMembership.objects.filter(list=list_, contact__in=contact_ids).delete()
    return deleted
