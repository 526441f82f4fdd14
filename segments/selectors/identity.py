"""Who is who, and why: a contact's visitors and former selves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from segments.models import ContactMerge, FormerContact, IdentityLink


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that makes history a contact's: a link of a visitor, or a merge."""

    kind: str  # linked, merged
    at: datetime
    visitor_id: int | None = None
    event_id: str | None = None
    former_id: int | None = None
    actor_id: int | None = None
    taken: Sequence[str] = ()
    moved: Mapping[str, int] = field(default_factory=dict)


def present_ids(external_ids: Iterable[str]) -> dict[str, int]:
    """Contacts by an external_id that one of them gave up in a merge."""
    rows = FormerContact.objects.filter(external_id__in=list(external_ids)).values_list("external_id", "contact_id")
    return {external_id: contact_id for external_id, contact_id in rows if external_id}


def ids_of(contact_id: int) -> list[int]:
    """Every id by which the logs know this person."""
    former = FormerContact.objects.filter(contact_id=contact_id).order_by("former_id")
    return [contact_id, *former.values_list("former_id", flat=True)]


def given_up_ids(contact_id: int) -> list[str]:
    """The external_ids that were given up in merges: events under them are still this person's."""
    former = FormerContact.objects.filter(contact_id=contact_id, external_id__isnull=False)
    return [text for text in former.order_by("external_id").values_list("external_id", flat=True) if text]


def reasons(contact_id: int) -> list[Reason]:
    """Why this history is this contact's, oldest first."""
    ids = ids_of(contact_id)
    links = IdentityLink.objects.filter(contact_id__in=ids)
    merges = ContactMerge.objects.filter(gone_id__in=ids[1:])
    found = [Reason("linked", one.linked_at, visitor_id=one.visitor_id, event_id=str(one.event_id)) for one in links]
    found += [
        Reason("merged", one.merged_at, former_id=one.gone_id, actor_id=one.actor_id, taken=one.taken, moved=one.moved)
        for one in merges
    ]
    return sorted(found, key=lambda one: one.at)
