"""Who of an audience would get a campaign, and who is held back and why: counted before its launch.

The audience is the one that a launch freezes; suppressions are those that the gate asks about, message by message.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import CharField, Count, Func, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.selectors.plans import audience_of
from compliance.models import Scope, Suppression
from compliance.rules.suppression import BLOCKS_TRANSACTIONAL
from delivery.models import Purpose
from segments.models import Contact
from segments.selectors import audience
from segments.selectors.limits import time_limit

SECONDS = 10.0
NO_ADDRESS = "no_address"
_ZONES = 8
_DOMAINS = 200


@dataclass(frozen=True)
class Forecast:
    """`held`: people by reason, each once. `complete`: whether every suppression could be asked about beforehand."""

    at: datetime
    audience: int
    held: dict[str, int] = field(default_factory=dict)
    complete: bool = True

    @property
    def reached(self) -> int:
        return self.audience - sum(self.held.values())


@dataclass(frozen=True)
class Source:
    """One segment or list of an audience by itself."""

    kind: str
    name: str
    people: int


@dataclass(frozen=True)
class Overlap:
    """What an audience is made of. `twice`: people counted more than once among the sources; `excluded`: left out."""

    at: datetime
    audience: int
    sources: list[Source]
    twice: int
    excluded: int


def forecast(campaign: Campaign, *, seconds: float = SECONDS) -> Forecast:
    """Counted now, in three queries. Raises InvalidCriteria, SegmentTooSlow."""
    at, people = timezone.now(), audience_of(campaign)
    with time_limit(seconds):
        counts = people.aggregate(all=Count("pk"), none=Count("pk", filter=Q(email=None)))
        held = {NO_ADDRESS: counts["none"]} if counts["none"] else {}
        return Forecast(at, counts["all"], held | _suppressed(campaign, people), _all_asked())


def overlap(campaign: Campaign, *, seconds: float = SECONDS) -> Overlap:
    """How the parts of an audience add up. Raises as `forecast` does."""
    with time_limit(seconds):
        size = audience_of(campaign).count()
        sources = list(_sources(campaign))
        segments, lists = ([one.pk for one in rows.all()] for rows in (campaign.segments, campaign.lists))
        together = audience(segments=segments, lists=lists).count() if sources else 0
    return Overlap(timezone.now(), size, sources, sum(one.people for one in sources) - together, together - size)


def zones(campaign: Campaign, *, seconds: float = SECONDS) -> list[tuple[str, int]]:
    """The time zones most people of the audience are in, with how many. Raises as `forecast` does."""
    with time_limit(seconds):
        rows = audience_of(campaign).order_by().values_list("timezone").annotate(n=Count("pk"))
        return list(rows.order_by("-n", "timezone")[:_ZONES])


def domains(campaign: Campaign, *, seconds: float = SECONDS) -> dict[str, int]:
    """The domains most addresses of the audience are at, with how many. Raises as `forecast` does."""
    with time_limit(seconds):
        rows = audience_of(campaign).exclude(email=None).order_by()
        domain = Func("email", Value("@"), Value(2), function="split_part", output_field=CharField())
        counted = rows.values_list(domain).annotate(n=Count("pk"))
        return dict(counted.order_by("-n")[:_DOMAINS])


def _suppressed(campaign: Campaign, people: QuerySet[Contact]) -> dict[str, int]:
    covering = _covering(campaign)
    reason = covering.filter(address_key=OuterRef("email_key")).order_by().values("address_key")
    rows = people.filter(email_key__in=covering.values("address_key")).annotate(
        held=Subquery(reason.annotate(one=Min("reason")).values("one"))
    )
    return dict(rows.order_by().values_list("held").annotate(n=Count("pk")).order_by("-n"))


def _covering(campaign: Campaign) -> QuerySet[Suppression]:
    """The suppressions that reach its messages (compliance.rules.suppression says which do)."""
    lists = [one.pk for one in campaign.lists.all()] + ([campaign.list_id] if campaign.list_id else [])
    reach = Q(scope=Scope.GLOBAL) | Q(scope=Scope.LIST, scope_id__in=lists)
    if campaign.brand_id:
        reach |= Q(scope=Scope.BRAND, scope_id=campaign.brand_id)
    found = Suppression.objects.filter(reach, channel="email")
    return found.filter(reason__in=BLOCKS_TRANSACTIONAL) if campaign.purpose == Purpose.TRANSACTIONAL else found


def _all_asked() -> bool:
    """Contacts carry the hash of their address under the current key alone; the gate asks under all of them."""
    return not Suppression.objects.exclude(key_id=settings.ADDRESS_KEYS[0][0]).exists()


def _sources(campaign: Campaign) -> Iterator[Source]:
    for segment in campaign.segments.order_by("name"):
        yield Source("segment", segment.name, audience(segments=[segment.pk], lists=[]).count())
    for one in campaign.lists.order_by("name"):
        yield Source("list", one.name, audience(segments=[], lists=[one.pk]).count())
