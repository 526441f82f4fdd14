"""Writes of segments. A rule is never changed: each save is a new version, and going back is a new one too."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from config.lib import public_ids
from config.lib.errors import FieldError, Invalid, NotFound
from config.lib.sql import queries
from segments.compiler import Compiler, contacts_matching
from segments.errors import InvalidCriteria, SegmentArchived, SegmentInUse
from segments.models import Segment, SegmentVersion
from segments.selectors.segments import referring, used_by
from segments.trees import normalise, segment_places

User = AbstractBaseUser | None


@transaction.atomic
def create_segment(
    *, name: str, criteria: Any, by: User = None, description: str = "", dynamic: bool = True, note: str = ""
) -> Segment:
    """A new segment with this rule as version 1. Raises InvalidCriteria, or Invalid for a name blank or taken."""
    _take_turns()
    segment = Segment(name=_free_name(name), description=description.strip(), dynamic=dynamic, created_by_id=_id(by))
    normal = checked_criteria(criteria)
    segment.save()
    _add_version(segment, normal, by, note)
    return segment


@transaction.atomic
def edit_segment(segment: Segment, *, name: str, description: str, dynamic: bool) -> None:
    """Change what it is called and how it is kept, not what it means. Raises Invalid for a name blank or taken."""
    _take_turns()
    segment.name = _free_name(name, but=segment)
    if segment.dynamic != dynamic:
        segment.frozen_at = None  # the upkeep freezes it (segments/services/memberships.py), or follows its rule again
    segment.description, segment.dynamic = description.strip(), dynamic
    segment.save(update_fields=["name", "description", "dynamic", "frozen_at", "updated_at"])


@transaction.atomic
def save_criteria(segment: Segment, criteria: Any, *, by: User = None, note: str = "") -> SegmentVersion:
    """A new version with this rule; the current one when the rule is the same.

    Raises InvalidCriteria (a circle among segments is named by its path) and SegmentArchived.
    """
    _take_turns()
    _refuse_archived(segment)
    normal = checked_criteria(criteria, segment)
    current = SegmentVersion.objects.filter(segment=segment).order_by("number").last()
    if current and current.criteria == normal:
        return current
    _check_referring(segment, normal)
    return _add_version(segment, normal, by, note)


def roll_back(segment: Segment, number: int, *, by: User = None) -> SegmentVersion:
    """A new version with the rule of an earlier one. Raises NotFound, and what `save_criteria` raises."""
    earlier = SegmentVersion.objects.filter(segment=segment, number=number).first()
    if earlier is None:
        raise NotFound(f"{segment.name!r} has no version {number}")
    return save_criteria(segment, earlier.criteria, by=by, note=f"Version {number} again")


@transaction.atomic
def archive_segment(segment: Segment, *, at: datetime | None = None) -> None:
    """Take it out of use; its versions stay. Raises SegmentInUse naming what stands on it."""
    _take_turns()
    if uses := used_by(segment):
        named = ", ".join(f"{use.kind} {use.name!r}" for use in uses[:10])
        raise SegmentInUse(f"{segment.name!r} cannot be archived: it is used by {named}. Take it out there first.")
    segment.archived_at = segment.archived_at or at or timezone.now()
    segment.save(update_fields=["archived_at", "updated_at"])


@transaction.atomic
def restore_segment(segment: Segment) -> None:
    """Bring it back. Raises InvalidCriteria when its rule names a segment that is archived or gone."""
    _take_turns()
    if segment.current:
        checked_criteria(segment.current.criteria, segment)
    segment.archived_at = None
    segment.save(update_fields=["archived_at", "updated_at"])


def measure_segment(segment: Segment, *, at: datetime | None = None) -> int:
    """Count its people now and keep the figure with its time."""
    at = at or timezone.now()
    size = contacts_matching(segment.current.criteria, at=at).count() if segment.current else 0
    keep_size(segment, size, at=at)
    return size


def keep_size(segment: Segment, size: int, *, at: datetime) -> None:
    """Keep what its current rule was just counted to."""
    segment.size, segment.sized_at = size, at
    still = Segment.objects.filter(pk=segment.pk, current=segment.current_id)  # not another rule's by now
    still.update(size=size, sized_at=at)


def checked_criteria(criteria: Any, segment: Segment | None = None) -> dict[str, Any]:
    """The normal form of a rule, known to compile as this segment's (or a new one's). Raises InvalidCriteria."""
    normal = normalise(criteria)
    if segment and segment.pk:
        Compiler(timezone.now(), replacing={segment.pk: normal}).members(segment.pk)
    else:
        Compiler(timezone.now()).criteria(normal)
    named = {public_ids.decode("segment", text): at for text, at in segment_places(normal)}
    archived = Segment.objects.filter(pk__in=named).exclude(archived_at=None).values_list("pk", "name")
    if archived:
        detail = "the segment {!r} is archived and cannot be used: take another one, or restore it"
        raise InvalidCriteria(*(FieldError(named[pk], detail.format(name), "archived") for pk, name in archived))
    return normal


def _check_referring(segment: Segment, normal: dict[str, Any]) -> None:
    """A rule that grows must not push those that stand on it over a limit."""
    seen, waiting = {segment.pk}, referring(segment.pk)
    while waiting:
        above = waiting.pop()
        if above.pk in seen:
            continue
        seen.add(above.pk)
        try:
            Compiler(timezone.now(), replacing={segment.pk: normal}).members(above.pk)
        except InvalidCriteria as error:
            if error.errors[0].code in ("too_deep", "too_large"):
                detail = f"segment {above.name!r} stands on this one and would no longer work: {error.detail}"
                raise InvalidCriteria(FieldError("", detail, error.errors[0].code)) from None
        waiting += referring(above.pk)


def _add_version(segment: Segment, normal: dict[str, Any], by: User, note: str) -> SegmentVersion:
    last = SegmentVersion.objects.filter(segment=segment).aggregate(last=Max("number"))["last"] or 0
    version = SegmentVersion.objects.create(
        segment=segment, number=last + 1, criteria=normal, created_by_id=_id(by), note=note.strip()[:255]
    )
    segment.current = version
    segment.size = segment.sized_at = segment.frozen_at = None  # they were another rule's
    segment.save(update_fields=["current", "size", "sized_at", "frozen_at", "updated_at"])
    return version


def _free_name(name: str, but: Segment | None = None) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 255:
        raise Invalid(FieldError("/name", "a name has 1 to 255 characters"))
    others = Segment.objects.exclude(pk=but.pk) if but else Segment.objects
    if others.filter(name=name).exists():
        raise Invalid(FieldError("/name", f"there is a segment named {name!r}: choose another name", "taken"))
    return name


def _refuse_archived(segment: Segment) -> None:
    if Segment.objects.filter(pk=segment.pk).exclude(archived_at=None).exists():
        raise SegmentArchived(f"{segment.name!r} is archived: restore it first")


def _take_turns() -> None:
    with connection.cursor() as cursor:
        cursor.execute(queries("segments", "segments")["take_turns"])


def _id(by: User) -> int | None:
    return by.pk if by else None
