"""Reads of memberships: who is in a segment or was on some day, what came of somebody, sizes by day, entries and exits.

A stay that is over is one row of the log, one that goes on is a member. So whoever was in a segment at a moment is one
of its members since before it, or left it after it: retention may drop older months of the log and answers stay right
for every moment after them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from config.lib.sql import Statements
from segments.models import (
    Contact,
    Membership,
    MembershipChange,
    Segment,
    SegmentDay,
    SegmentUpkeep,
    SegmentVersion,
    Touch,
)

_SQL = Statements("segments", "memberships")
Kind = MembershipChange.Kind


@dataclass(frozen=True)
class Stay:
    """From when to when somebody was in a segment (None: still is), and what brought them in and out.

    The entry is not known when retention has dropped it.
    """

    contact_id: int
    since: datetime
    until: datetime | None
    entered_how: str = ""
    entered_version: int | None = None
    left_how: str = ""
    left_version: int | None = None

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def stays(segment_id: int, contact_ids: Collection[int]) -> list[Stay]:
    """Every stay of one person in a segment, the latest first; `contact_ids`: by which the log knows them."""
    found = MembershipChange.objects.filter(segment_id=segment_id, contact_id__in=contact_ids)
    changes = list(found.order_by("at", "id"))
    entries = {(one.contact_id, one.at): one for one in changes if one.kind == Kind.ENTERED}
    ended = [
        _ended(one, entries.get((one.contact_id, one.since))) for one in changes if one.since and one.kind == Kind.LEFT
    ]
    present = Membership.objects.filter(segment_id=segment_id, contact_id__in=contact_ids)
    going_on = [Stay(one.contact_id, one.added_at, None, one.how, one.version_id) for one in present]
    return sorted([*ended, *going_on], key=lambda stay: stay.since, reverse=True)


def _ended(left: MembershipChange, entry: MembershipChange | None) -> Stay:
    assert left.since
    return Stay(
        left.contact_id, left.since, left.at, entry.how if entry else "", entry.version_id if entry else None,
        left.how, left.version_id,
    )  # fmt: skip


def log_begins(*, at: datetime) -> datetime | None:
    """Before this moment nobody knows any more who was in what and has left: retention has dropped those months."""
    if not settings.MEMBERSHIP_LOG_DAYS:
        return None
    last = at.astimezone(UTC) - timedelta(days=settings.MEMBERSHIP_LOG_DAYS)
    return last.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def members(segment_id: int) -> QuerySet[Contact]:
    """The people in a segment now."""
    now = Membership.objects.filter(segment_id=segment_id).order_by()
    return Contact.objects.filter(pk__in=now.values("contact_id"))


@dataclass(frozen=True)
class MembersAt:
    """Those who were in a segment at a moment and are still contacts, in pages by id, the newest contact first.

    As much of a queryset as pages by key ask of one: a page costs the same however many there are.
    """

    segment_id: int
    at: datetime
    below: int = 2**63 - 1

    def filter(self, *, pk__lt: int) -> "MembersAt":
        return replace(self, below=pk__lt)

    def order_by(self, _by: str) -> "MembersAt":
        return self

    def __getitem__(self, part: slice) -> list[Contact]:
        return self._page(part.stop, self.below, "<", "DESC")

    def above(self, pk: int, limit: int) -> list[Contact]:
        """The page before a contact."""
        return self._page(limit, pk, ">", "ASC")[::-1]

    def _page(self, limit: int, place: int, beyond: str, way: str) -> list[Contact]:
        parts = {"beyond": beyond, "way": way}
        found = _SQL.rows("members_at", parts, segment=self.segment_id, at=self.at, place=place, limit=limit)
        ids = [pk for (pk,) in found]
        people = Contact.objects.in_bulk(ids)
        return [people[pk] for pk in ids if pk in people]


def since_when(segment_id: int, contact_ids: Collection[int]) -> dict[int, Membership]:
    """Their memberships now, by contact."""
    rows = Membership.objects.filter(segment_id=segment_id, contact_id__in=contact_ids)
    return {one.contact_id: one for one in rows}


def segments_of(contact_id: int) -> list[tuple[Segment, Membership]]:
    """The segments in use that somebody is in now, by name. By index: one look a segment."""
    segments = {one.pk: one for one in Segment.objects.filter(archived_at=None)}
    rows = Membership.objects.filter(segment_id__in=list(segments), contact_id=contact_id)
    found = [(segments[one.segment_id], one) for one in rows]
    return sorted(found, key=lambda pair: pair[0].name)


def version_at(segment_id: int, at: datetime) -> SegmentVersion | None:
    """The rule as it was at a moment."""
    return SegmentVersion.objects.filter(segment_id=segment_id, created_at__lte=at).order_by("-number").first()


def days(segment_id: int, *, last: date, count: int = 90) -> list[SegmentDay]:
    """Each day from the first that is known, `count` of them at most: sizes go on where nothing changed."""
    first = last - timedelta(days=count - 1)
    rows = SegmentDay.objects.filter(segment_id=segment_id, day__lte=last)
    before = rows.filter(day__lt=first).order_by("-day").first()
    return list(_filled(list(rows.filter(day__gte=first).order_by("day")), before, first, last))


def _filled(known: Sequence[SegmentDay], before: SegmentDay | None, first: date, last: date) -> Iterator[SegmentDay]:
    found = {one.day: one for one in known}
    size = before.size if before else 0
    day = first if before else min(found, default=last + timedelta(days=1))
    while day <= last:
        one = found.get(day) or SegmentDay(segment_id=0, day=day, size=size, entered=0, left=0)
        size = one.size
        yield one
        day += timedelta(days=1)


def latest_changes(segment_id: int, *, limit: int = 50) -> list[MembershipChange]:
    """The last entries and exits, the latest first."""
    return list(MembershipChange.objects.filter(segment_id=segment_id).order_by("-at", "-id")[:limit])


@dataclass(frozen=True)
class Place:
    """A place in the log of entries and exits, in the order in which transactions began."""

    xid: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """An entry or exit as triggers read it; `place` is what to go on from."""

    place: Place
    at: datetime
    kind: str
    segment_id: int
    contact_id: int
    version_id: int
    how: str


def changes_after(place: Place, *, limit: int = 1000) -> list[Change]:
    """The next entries and exits of all segments. A consumer keeps its place in the transaction of what it does.

    None is passed by, however late its transaction commits: what is not certain yet is not given. Entries that another
    rule or a freeze has made say so (`how`); a trigger that means what people did leaves them out.
    """
    found = _SQL.rows("changes", xid=place.xid, row=place.row, limit=limit)
    return [Change(Place(xid, row), *rest) for xid, row, *rest in found]


@dataclass(frozen=True)
class Kept:
    """How a segment is kept up, for people: whether its members are complete, and how far a pass is (0 to 1).

    `at`: up to when they are right.
    """

    complete: bool
    progress: float | None
    size: int
    at: datetime | None
    moves: str
    error: str
    due_at: datetime | None

    @property
    def slow(self) -> bool:
        """Whether its rule takes too long even for a few people."""
        return self.error == SegmentUpkeep.TOO_SLOW

    @property
    def percent(self) -> int:
        """How far the pass is."""
        return round(100 * (self.progress or 0))


def kept(segment: Segment, *, at: datetime) -> Kept | None:
    """As it is at `at`, which is now. None until the upkeep has taken it up, a second or two after it was saved."""
    one = SegmentUpkeep.objects.filter(pk=segment.pk).first()
    if one is None:
        return None
    progress = None if one.passed is None else min(1.0, one.passed / max(one.upto, 1))
    complete = one.passed_at is not None and one.version_id == segment.current_id
    return Kept(complete, progress, one.size, _as_of(one, at), one.get_moves_display(), one.error, one.due_at)


def lag(*, at: datetime) -> tuple[float, int]:
    """(seconds for which the first change has waited to be looked at, segments that are not kept up)."""
    first = Touch.objects.order_by("id").values_list("at", flat=True).first()
    return (at - first).total_seconds() if first else 0.0, SegmentUpkeep.objects.exclude(error="").count()


def _as_of(upkeep: SegmentUpkeep, at: datetime) -> datetime | None:
    """Where time alone changes nothing, members are right up to the first change that was not looked at yet."""
    if upkeep.passed_at is None or upkeep.moves != SegmentUpkeep.Moves.NEVER:
        return upkeep.passed_at
    return Touch.objects.order_by("id").values_list("at", flat=True).first() or at
