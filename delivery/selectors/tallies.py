"""What was settled lately, from the tallies: a row for each group, so it costs the same whatever the audience."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from delivery import dispositions
from delivery.models import SendOrder, SendTally


@dataclass(frozen=True, slots=True)
class Lately:
    """Messages of a campaign that got their answer; `failed` includes those that `bounced`."""

    sent: int = 0
    failed: int = 0
    bounced: int = 0
    unknown: int = 0

    @property
    def attempts(self) -> int:
        return self.sent + self.failed + self.unknown


def lately(since: Mapping[int, datetime]) -> dict[int, Lately]:
    """By campaign id, each since its own moment; campaigns of which nothing was settled are left out."""
    if not since:
        return {}
    rows = dispositions.rows("lately", campaigns=list(since), sinces=list(since.values()), since=min(since.values()))
    return {campaign: Lately(*counts) for campaign, *counts in rows}


def per_second(campaign_id: int, *, at: datetime, seconds: int = 30) -> float:
    """Messages of a campaign that were settled in the last seconds, a second."""
    rows = SendTally.objects.filter(
        at__gt=at - timedelta(seconds=seconds), at__lte=at,
        order_id__in=SendOrder.objects.filter(campaign_id=campaign_id).values("pk"),
    )  # fmt: skip
    found = rows.aggregate(**{name: Sum(name, default=0) for name in ("sent", "failed", "unknown", "skipped")})
    return float(sum(found.values())) / seconds
