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
def create_list(*, name: str, description: str = "") -> ContactList:
    """A new empty list. Raises Invalid for a name blank or taken."""
    name = name.strip()
    if not name:
        raise Invalid(FieldError("/name", "give the list a name", "missing"))
    made, new = ContactList.objects.get_or_create(name=name, defaults={"description": description.strip()})
    if not new:
        raise Invalid(FieldError("/name", f"there is a list named {name} already", "taken"))
    return made


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
