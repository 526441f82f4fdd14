"""Segments kept by hand: frozen at a moment, then changed by people alone. A rule no longer says who is in them."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from config.lib.errors import Conflict
from segments.merge_effects import Merge, MergeEffect
from segments.models import Contact, ContactList, How, ListMembership, Membership, Segment, SegmentUpkeep
from segments.services.membership_rows import hold, row, run
from segments.services.segments import edit_segment


class NotFrozen(Conflict):
    """Only a frozen segment is changed by hand, and only once it is frozen: the rule says who is in this one."""

    code = "not_frozen"


def freeze(segment: Segment) -> None:
    """Keep the people its rule matches now, whatever becomes of them. The upkeep writes them down within seconds."""
    _keep(segment, dynamic=False)


def follow_again(segment: Segment) -> None:
    """Let its rule say again who is in it; what was changed by hand is lost."""
    _keep(segment, dynamic=True)


def add_people(segment: Segment, contact_ids: Collection[int]) -> set[int]:
    """Put people into a frozen segment; who was not in it. Ids of nobody are passed over. Raises NotFrozen."""
    known = Contact.objects.filter(pk__in=contact_ids).values_list("pk", flat=True)
    with transaction.atomic():
        upkeep = _held(segment)
        there = Membership.objects.filter(segment_id=segment.pk, contact_id__in=contact_ids)
        new = set(known) - set(there.values_list("contact_id", flat=True))
        _change(upkeep, "add_by_hand", new, How.HAND)
    return new


def remove_people(segment: Segment, contact_ids: Collection[int]) -> set[int]:
    """Take people out of a frozen segment; who was in it. Raises NotFrozen."""
    with transaction.atomic():
        upkeep = _held(segment)
        there = Membership.objects.filter(segment_id=segment.pk, contact_id__in=contact_ids)
        gone = set(there.values_list("contact_id", flat=True))
        _change(upkeep, "remove_by_hand", gone, How.HAND)
    return gone


def add_list(segment: Segment, list_: ContactList, *, chunk: int = 5_000) -> int:
    """Put everybody who is on a list into a frozen segment, some at a time. Raises NotFrozen."""
    people = ListMembership.objects.filter(list=list_).order_by("contact_id").values_list("contact_id", flat=True)
    last, added = 0, 0
    while ids := list(people.filter(contact_id__gt=last)[:chunk]):
        added, last = added + len(add_people(segment, ids)), ids[-1]
    return added


class KeepMemberships(MergeEffect):
    """Who becomes one with a member of a frozen segment is a member. Where a rule decides, it decides again."""

    kind = "keep_memberships"

    def apply(self, merge: Merge) -> None:
        run("touch", ids=[merge.kept_id, merge.gone_id], watch="people")
        theirs = Membership.objects.filter(contact_id=merge.gone_id, segment_id__in=_frozen().values("pk"))
        for segment_id in hold(segments=theirs.values_list("segment_id", flat=True)):
            upkeep = SegmentUpkeep.objects.get(pk=segment_id)
            _change(upkeep, "remove_by_hand", {merge.gone_id}, How.MERGE)
            if not Membership.objects.filter(segment_id=segment_id, contact_id=merge.kept_id).exists():
                _change(upkeep, "add_by_hand", {merge.kept_id}, How.MERGE)


def _frozen() -> QuerySet[SegmentUpkeep]:
    return SegmentUpkeep.objects.filter(segment__frozen_at__isnull=False)


def _keep(segment: Segment, *, dynamic: bool) -> None:
    edit_segment(segment, name=segment.name, description=segment.description, dynamic=dynamic)


def _held(segment: Segment) -> SegmentUpkeep:
    """The lock under which members are written."""
    hold(segments=[segment.pk])
    found = _frozen().filter(pk=segment.pk).first()
    if found is None:
        raise NotFrozen
    return found


def _change(upkeep: SegmentUpkeep, statement: str, contact_ids: Collection[int], how: How) -> None:
    if not contact_ids:
        return
    ids = sorted(contact_ids)
    (changed,) = row(statement, segment=upkeep.pk, version=upkeep.version_id, ids=ids, how=how)
    run("touch", ids=ids, watch="members")
    came, went = (changed, 0) if statement == "add_by_hand" else (0, changed)
    run("note", segment=upkeep.pk, entered=came, gone=went, counts=True)
