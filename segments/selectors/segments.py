"""Reads of segments: audiences, previews, and who uses what."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from config.lib import public_ids
from segments.compiler import Compiler, contacts_matching
from segments.models import Contact, Segment
from segments.predicates.lists import on_any
from segments.selectors.costs import judge
from segments.selectors.limits import time_limit
from segments.trees import segment_ids as mentioned
from segments.uses import USES, Use

PREVIEW_LIMIT = 30.0  # seconds


@dataclass(frozen=True)
class Preview:
    """How many people a rule matches, some of them (the first by id), and how long finding out took."""

    size: int
    sample: list[Contact]
    milliseconds: int


def audience(
    *,
    segments: Collection[int],
    lists: Collection[int],
    excluded_segments: Collection[int] = (),
    excluded_lists: Collection[int] = (),
    at: datetime | None = None,
) -> QuerySet[Contact]:
    """The people of any of these segments or lists, less those of the excluded, each once, in no order.

    Ids are row ids; a segment means its current version. It is one condition on the contact table without joins,
    so a scan by `filter(pk__gt=last).order_by("pk")[:n]` reads it in chunks. Raises InvalidCriteria.
    """
    if not (segments or lists):
        return Contact.objects.none()
    compiler = Compiler(at or timezone.now())
    compiler.load([*segments, *excluded_segments])
    included = [compiler.members(pk) for pk in segments] + ([on_any(lists)] if lists else [])
    excluded = [compiler.members(pk, negated=True) for pk in excluded_segments]
    excluded += [~on_any(excluded_lists)] if excluded_lists else []
    return Contact.objects.filter(Q(*included, _connector=Q.OR), *excluded)


def size_and_sample(
    criteria: Any, *, sample: int = 10, at: datetime | None = None, seconds: float = PREVIEW_LIMIT
) -> Preview:
    """Count a rule and show some of its people, by the query that a launch runs.

    Raises InvalidCriteria, and SegmentTooSlow when it takes longer than `seconds`, or plainly would.
    """
    began = perf_counter()
    people = contacts_matching(criteria, at=at)
    judge(people, seconds=seconds)
    with time_limit(seconds):
        size, shown = people.count(), list(people.order_by("pk")[:sample])
    return Preview(size, shown, round((perf_counter() - began) * 1000))


def referring(segment_id: int) -> list[Segment]:
    """The live segments whose current rule names this one."""
    public_id = public_ids.encode("segment", segment_id)
    return [one for one in naming(public_id) if one.current and public_id in mentioned(one.current.criteria)]


def naming(public_id: str) -> QuerySet[Segment]:
    """The live segments in whose current rule a public id stands, of a campaign or whatever else, by name."""
    found = Segment.objects.filter(archived_at=None).annotate(text=Cast("current__criteria", models.TextField()))
    return found.filter(text__contains=f'"{public_id}"').select_related("current").order_by("name")


def used_by(segment: Segment) -> list[Use]:
    """Everything that stands on this segment now."""
    uses = [Use("segment", one.name, public_ids.encode("segment", one.pk)) for one in referring(segment.pk)]
    for kind in USES:
        uses += kind().uses(segment.pk)
    return uses


def use_counts(segment_ids: Collection[int]) -> Counter[int]:
    """How many things stand on each of these segments, in one query for segments and few for each other kind."""
    found: Counter[int] = Counter()
    for criteria in Segment.objects.filter(archived_at=None).values_list("current__criteria", flat=True):
        found.update({public_ids.decode("segment", text) for text in mentioned(criteria)} if criteria else ())
    for kind in USES:
        found.update(kind().counts(segment_ids))
    return found
