"""Driving the upkeep of memberships as its ticks do, and the laws that what it keeps must obey."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.utils import timezone

from segments.compiler import contacts_matching
from segments.models import Membership, MembershipChange, Segment, SegmentDay, SegmentUpkeep
from segments.services import membership_logs, membership_passes, memberships, upkeep
from tests.support.waiting import wait_for_horizon

Kind = MembershipChange.Kind


def rule(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"conditions": [{"field": field, "operator": operator, **({} if value is None else {"value": value})}]}


def take_up() -> None:
    """What changed about segments themselves; two seconds of ticks."""
    for _ in range(2):
        upkeep.plan(at=timezone.now())


def pass_all(*, at: datetime | None = None) -> None:
    """Every pass that is due, to its end."""
    wait_for_horizon()
    for segment_id in membership_passes.waiting(at=at or timezone.now()):
        while membership_passes.pass_next(segment_id, at=at or timezone.now()):
            pass


def keep_up(*, at: datetime | None = None) -> None:
    """As the ticks do, until nothing is left to do."""
    wait_for_horizon()
    membership_logs.follow_logs()
    for _ in range(2):  # a segment that was frozen is taken up again as such
        take_up()
        memberships.settle_for(60)
        pass_all(at=at)


def members(segment: Segment) -> set[int]:
    return set(Membership.objects.filter(segment_id=segment.pk).values_list("contact_id", flat=True))


def matching(segment: Segment) -> set[int]:
    """Whom its rule of now matches, asked anew."""
    segment.refresh_from_db()
    assert segment.current
    return set(contacts_matching(segment.current.criteria).values_list("pk", flat=True))


def assert_histories_hold() -> None:
    """Entries and exits alternate, an exit knows its entry, stays follow each other; the last is the present."""
    stays = defaultdict(list)
    for change in MembershipChange.objects.order_by("id"):
        stays[change.segment_id, change.contact_id].append(change)
    present = {(one.segment_id, one.contact_id): one.added_at for one in Membership.objects.all()}
    for place, changes in stays.items():
        inside, last = None, None
        for change in changes:
            assert change.kind == (Kind.ENTERED if inside is None else Kind.LEFT), (place, changes)
            assert last is None or last <= change.at
            assert change.since == inside
            inside, last = (change.at if change.kind == Kind.ENTERED else None), change.at
        assert present.get(place) == inside
    assert present.keys() <= stays.keys()
    sizes = {pk: sum(1 for place in present if place[0] == pk) for pk in Segment.objects.values_list("pk", flat=True)}
    for one in SegmentUpkeep.objects.all():
        assert one.size == sizes[one.pk]
        assert SegmentDay.objects.filter(segment_id=one.pk).order_by("day").last() or not one.size
