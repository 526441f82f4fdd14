"""What Home shows: what is being sent now, what needs somebody, the last seven days, and the first steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.models import CampaignStat, Freshness, StreamMark
from campaigns.models import Campaign, Run
from campaigns.selectors.reasons import in_words
from compliance.models import Sender
from config.lib import public_ids
from delivery.models import Breaker, DeadLetter, Message, ProviderAccount, SendOrder, SendTally
from delivery.selectors.ledger import queues
from segments.models import Contact
from templates.models import MessageTemplate

RATE_S = 30
LATE = timedelta(minutes=5)
SHOWN = 20
_ENDED = ("sent", "skipped", "failed", "rejected", "unknown", "cancelled", "bounced")
_MANY = 10_000
_DAYS = 7
_LATEST = 5
DAY_KINDS = ("sent", "opened", "clicked")


@dataclass(frozen=True)
class LiveSend:
    """A campaign that goes out now. `rate`: messages a second; `eta`: when it is done at that rate."""

    campaign: Campaign
    public_id: str
    audience: int
    done: int
    rate: float
    eta: datetime | None
    freezing: bool


@dataclass(frozen=True)
class Attention:
    """Something that waits for a person: its tone (config/pages/states.py), what it is, and where to go about it."""

    tone: str
    title: str
    sentence: str
    where: str  # campaign, unknowns, dead_letters, accounts, queues, figures
    public_id: str = ""


@dataclass(frozen=True)
class Day:
    """Messages by the day of their first such event: sent, opened and clicked by people."""

    day: date
    sent: int
    opened: int
    clicked: int


def live_sends(*, at: datetime) -> list[LiveSend]:
    """In four queries, however many there are; the counts come from the counters, five seconds old at most."""
    live = [Run.State.FREEZING, Run.State.RUNNING]
    runs = Run.objects.filter(state__in=live, campaign__state=Campaign.State.ACTIVE).select_related("campaign")
    found = {run.campaign_id: run for run in runs.order_by("pk")[:SHOWN]}
    if not found:
        return []
    done, rates = _done(list(found)), _rates(list(found), at)
    return [_live(run, done.get(pk, 0), rates.get(pk, 0.0), at) for pk, run in found.items()]


def _live(run: Run, done: int, rate: float, at: datetime) -> LiveSend:
    left = max(run.audience - done, 0)
    eta = at + timedelta(seconds=left / rate) if rate and left and run.frozen_at else None
    return LiveSend(
        run.campaign, public_ids.encode("campaign", run.campaign_id), run.audience, min(done, run.audience), rate, eta,
        run.state == Run.State.FREEZING,
    )  # fmt: skip


def _done(campaigns: list[int]) -> dict[int, int]:
    rows = CampaignStat.objects.filter(
        mark__state=StreamMark.State.LIVE, campaign_id__in=campaigns, kind__in=_ENDED
    ).values_list("campaign_id")
    return dict(rows.annotate(n=Sum("unique")).order_by())


def _rates(campaigns: list[int], at: datetime) -> dict[int, float]:
    orders = dict(SendOrder.objects.filter(campaign_id__in=campaigns).values_list("pk", "campaign_id"))
    rates: dict[int, float] = {}
    lately = SendTally.objects.filter(order_id__in=orders, at__gt=at - timedelta(seconds=RATE_S))
    settled = Sum("sent") + Sum("failed") + Sum("unknown") + Sum("skipped")
    for order_id, n in lately.values_list("order_id").annotate(n=settled).order_by():
        campaign_id = orders[order_id] or 0
        rates[campaign_id] = rates.get(campaign_id, 0.0) + n / RATE_S
    return rates


def attention(*, at: datetime) -> list[Attention]:
    """What waits for a person, the gravest first."""
    return [*_accounts(at), *_unknowns(), *_dead_letters(), *_held(), *_late(at)]


def _held() -> Iterator[Attention]:
    states = (Campaign.State.SCHEDULED, Campaign.State.PAUSED)
    held = Campaign.objects.filter(state__in=states, archived_at=None).exclude(held_reason="").order_by("scheduled_at")
    for campaign in held[:SHOWN]:
        tone = "held" if campaign.state == Campaign.State.SCHEDULED else "paused"
        yield Attention(
            tone, campaign.name, campaign.held_reason, "campaign", public_ids.encode("campaign", campaign.pk)
        )


def _accounts(at: datetime) -> Iterator[Attention]:
    broken = Breaker.objects.filter(account__active=True).exclude(state=Breaker.State.CLOSED).select_related("account")
    for breaker in broken[:SHOWN]:
        title = _("%(account)s does not work") % {"account": breaker.account.name}
        yield Attention("failed", title, breaker.reason or _("It is tried again by itself."), "accounts")


def _unknowns() -> Iterator[Attention]:
    number = Message.objects.filter(state=Message.State.UNKNOWN)[:_MANY].count()
    if number:
        title = ngettext("%(n)s message is unknown", "%(n)s messages are unknown", number) % {"n": f"{number:,}"}
        yield Attention("unknown", title, _("Nobody knows whether they went out: see who is concerned."), "unknowns")


def _dead_letters() -> Iterator[Attention]:
    reasons = DeadLetter.objects.filter(resolution="").values_list("reason").annotate(n=Count("pk")).order_by("-n")
    for reason, number in reasons[:5]:
        title = ngettext("%(n)s message failed", "%(n)s messages failed", number) % {"n": f"{number:,}"}
        yield Attention("failed", title, in_words(reason).capitalize(), "dead_letters")


def _late(at: datetime) -> Iterator[Attention]:
    for queue in queues():
        if queue.since and at - queue.since > LATE:
            title = _("The %(lane)s lane is behind") % {"lane": queue.lane}
            sentence = _("%(n)s messages wait, the oldest since %(time)s UTC.")
            words = sentence % {"n": f"{queue.depth:,}", "time": queue.since.strftime("%H:%M")}
            yield Attention("paused", title, words, "queues")
    for late in Freshness.objects.exclude(late_since=None)[:5]:
        sentence = _("They are older than they should be since %(time)s UTC.")
        words = sentence % {"time": f"{late.late_since:%H:%M}"}
        yield Attention("paused", _("Figures are late: %(name)s") % {"name": late.name}, words, "figures")


def last_days(*, at: datetime, zone: ZoneInfo) -> list[Day]:
    """The last seven days in a zone, today last."""
    today = at.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(_DAYS))]
    rows = (
        CampaignStat.objects.filter(mark__state=StreamMark.State.LIVE, kind__in=DAY_KINDS, campaign_id__gt=0)
        .filter(hour__gte=datetime.combine(days[0], datetime.min.time(), zone))
        .annotate(day=TruncDate("hour", tzinfo=zone))
        .values_list("day", "kind")
        .annotate(unique=Sum("unique"), human=Sum("human_unique"))
        .order_by()
    )
    counts = {(day, kind): (unique if kind == "sent" else human) for day, kind, unique, human in rows}
    return [Day(day, *(counts.get((day, kind), 0) for kind in DAY_KINDS)) for day in days]


@dataclass(frozen=True)
class Latest:
    """A campaign that was launched, and what came of it so far: messages, opened and clicked by people."""

    campaign: Campaign
    public_id: str
    sent: int
    opened: int
    clicked: int


def latest() -> list[Latest]:
    """The last campaigns that were launched, the newest first; in two queries."""
    campaigns = list(
        Campaign.objects.filter(archived_at=None).exclude(launched_at=None).order_by("-launched_at")[:_LATEST]
    )
    rows = (
        CampaignStat.objects.filter(
            mark__state=StreamMark.State.LIVE, kind__in=DAY_KINDS, campaign_id__in=[one.pk for one in campaigns]
        )
        .values_list("campaign_id", "kind")
        .annotate(unique=Sum("unique"), human=Sum("human_unique"))
        .order_by()
    )
    counts = {(pk, kind): (unique if kind == "sent" else human) for pk, kind, unique, human in rows}
    return [
        Latest(one, public_ids.encode("campaign", one.pk), *(counts.get((one.pk, kind), 0) for kind in DAY_KINDS))
        for one in campaigns
    ]


@dataclass(frozen=True)
class FirstStep:
    """One of the steps to a first campaign, and whether it is done."""

    key: str
    done: bool


def first_steps() -> list[FirstStep]:
    """What stands between a new installation and its first campaign; empty once one was launched."""
    if Campaign.objects.exclude(launched_at=None).exists():
        return []
    return [
        FirstStep("sender", Sender.objects.filter(archived_at=None).exists()),
        FirstStep("account", ProviderAccount.objects.filter(active=True).exists()),
        FirstStep("contacts", Contact.objects.exists()),
        FirstStep("template", MessageTemplate.objects.exclude(current=None).exists()),
        FirstStep("campaign", Campaign.objects.exists()),
    ]
