"""The account of a campaign: where each person of its frozen audience has ended, or stands now."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from campaigns.models import Campaign, Enrolment, Run
from config.lib.snapshots import one_moment
from delivery.models import Message
from delivery.selectors import ledger


@dataclass(frozen=True)
class Account:
    """Counts of people. `waiting`: nothing is written for them yet; `sending`: their message may still go out."""

    at: datetime
    audience: int
    waiting: int
    sending: int
    sent: int
    skipped: dict[str, int]
    failed: dict[str, int]
    unknown: int
    cancelled: int

    @property
    def accounted(self) -> int:
        """Everybody who has ended or stands somewhere."""
        ended = self.sent + sum(self.skipped.values()) + sum(self.failed.values()) + self.unknown + self.cancelled
        return self.waiting + self.sending + ended

    @property
    def closes(self) -> bool:
        return self.audience == self.accounted


def waterfall(campaign: Campaign) -> Account:
    """The account of a campaign at one moment, counted from enrolments and the ledger themselves.

    Who was frozen but not planned when the campaign was cancelled has no message and counts as cancelled.
    """
    with one_moment():
        audience = campaign.runs.aggregate(n=Sum("audience"))["n"] or 0
        enrolled = _enrolled(campaign)
        messages = ledger.waterfall(campaign.pk)
    return Account(
        at=timezone.now(),
        audience=audience,
        waiting=enrolled[Enrolment.State.WAITING],
        sending=messages.waiting,
        sent=messages.states.get("sent", 0),
        skipped=messages.reasons.get("skipped", {}),
        failed=messages.reasons.get("failed", {}),
        unknown=messages.states.get("unknown", 0),
        cancelled=messages.states.get("cancelled", 0) + enrolled[Enrolment.State.EXITED],
    )


def with_figures(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Each campaign with its `audience` and the messages `sent`; counted for the rows of one page only."""
    run = Run.objects.filter(campaign=OuterRef("pk")).values("campaign")
    sent = Message.objects.filter(order__campaign_id=OuterRef("pk"), state=Message.State.SENT)
    return campaigns.annotate(
        audience=Coalesce(Subquery(run.annotate(n=Sum("audience")).values("n")), 0),
        sent=Coalesce(Subquery(sent.values("order__campaign_id").annotate(n=Count("pk")).values("n")), 0),
    )


def _enrolled(campaign: Campaign) -> Counter[str]:
    rows = Enrolment.objects.filter(run__campaign=campaign).values_list("state").annotate(n=Count("pk")).order_by()
    return Counter(dict(rows))
