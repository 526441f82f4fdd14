"""Through which accounts mail of a lane would go now, how fast at most, and at what price."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from delivery.models import Breaker, Lane, ProviderAccount
from delivery.providers import PROVIDERS


@dataclass(frozen=True)
class Way:
    """An account that would be used. `works`: its breaker is closed; `per_second` None: it sets no limit.

    `shapes`: it minds the limits of mailbox providers.
    """

    name: str
    kind: str
    works: bool
    trouble: str
    per_second: float | None
    cost_each: Decimal
    shapes: bool


@dataclass(frozen=True)
class Ways:
    """`first`: those that share the mail now; `later`: those that take over when none of them works."""

    first: list[Way]
    later: list[Way]

    @property
    def per_second(self) -> float | None:
        """What the first take together a second; None: no limit is set."""
        rates = [way.per_second for way in self.first]
        return None if None in rates else sum(rate for rate in rates if rate is not None)

    @property
    def cost_each(self) -> Decimal:
        """Of one message at the most expensive of the first."""
        return max((way.cost_each for way in self.first), default=Decimal(0))


def ways(brand_id: int | None, *, lane: Lane = Lane.BULK, channel: str = "email") -> Ways:
    """As delivery.accounts.routing chooses: by brand and lane, the first order of priority in which one works."""
    lanes, brands = Q(lanes=[]) | Q(lanes__contains=[lane]), Q(brands=None) | Q(brands=brand_id)
    rows = ProviderAccount.objects.filter(lanes, brands, channel=channel, active=True).select_related("breaker")
    found = [(row.priority, _way(row)) for row in rows.order_by("priority", "pk").distinct()]
    rank = min((priority for priority, way in found if way.works), default=None)
    return Ways(
        [way for priority, way in found if priority == rank and way.works],
        [way for priority, way in found if priority != rank or not way.works],
    )


def _way(row: ProviderAccount) -> Way:
    breaker = getattr(row, "breaker", None)
    works = breaker is None or breaker.state == Breaker.State.CLOSED
    trouble = "" if works or breaker is None else breaker.reason
    shapes = bool(row.kind in PROVIDERS and PROVIDERS.get(row.kind).shapes) if row.shaping is None else row.shaping
    return Way(row.name, row.kind, works, trouble, row.rate_per_second, row.cost_per_message, shapes)
