"""What is going on now, for a page that is looked at all the time."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet, Sum

from analytics.models import CampaignStat, StreamMark
from analytics.selectors import as_of
from campaigns.models import Campaign
from config.lib.sql import queries
from delivery.selectors.ledger import queues

LATELY_S = 5
_ROWS = 20_000  # more than are sent in that time
_TOP = 5


@dataclass(frozen=True)
class Top:
    """A campaign by what it sent today; `opened` and `clicked` are messages, without machines."""

    campaign_id: int
    name: str
    sent: int
    opened: int
    clicked: int


@dataclass(frozen=True)
class Dashboard:
    """`current_qps`: messages sent a second, over the last five. Today is the day in UTC; `as_of` is of its counts."""

    active_campaigns: int
    messages_sent_today: int
    messages_sending_now: int
    current_qps: float
    top_campaigns: list[Top]
    as_of: datetime | None


def dashboard(*, at: datetime) -> Dashboard:
    """Read from the counters and the partial indexes of the ledger: as quick with a billion messages as with none."""
    today = CampaignStat.objects.filter(
        mark__state=StreamMark.State.LIVE, hour__gte=at.replace(hour=0, minute=0, second=0, microsecond=0)
    )
    sent = today.filter(kind="sent")
    return Dashboard(
        active_campaigns=Campaign.objects.filter(state=Campaign.State.ACTIVE).count(),
        messages_sent_today=sent.aggregate(n=Sum("unique", default=0))["n"],
        messages_sending_now=sum(queue.depth for queue in queues()),
        current_qps=_sent_lately() / LATELY_S,
        top_campaigns=_top([pk for pk, _ in _largest(sent)], at),
        as_of=as_of(),
    )


def _largest(sent: QuerySet[CampaignStat]) -> list[tuple[int, int]]:
    return list(sent.values_list("campaign_id").annotate(n=Sum("unique")).order_by("-n")[:_TOP])


def _top(campaign_ids: list[int], at: datetime) -> list[Top]:
    names = dict(Campaign.objects.filter(pk__in=campaign_ids).values_list("pk", "name"))
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        CampaignStat.objects.filter(mark__state=StreamMark.State.LIVE, hour__gte=midnight, campaign_id__in=campaign_ids)
        .values_list("campaign_id", "kind")
        .annotate(unique=Sum("unique"), human=Sum("human_unique"))
    )
    counts = {(pk, kind): (unique, human) for pk, kind, unique, human in rows}
    return [
        Top(
            pk, names.get(pk, ""), counts[pk, "sent"][0],
            counts.get((pk, "opened"), (0, 0))[1], counts.get((pk, "clicked"), (0, 0))[1],
        )
        for pk in campaign_ids
    ]  # fmt: skip


def _sent_lately() -> int:
    with connection.cursor() as cursor:
        cursor.execute(queries("analytics", "dashboard")["sent_lately"], {"rows": _ROWS, "seconds": LATELY_S})
        return int(cursor.fetchone()[0])
