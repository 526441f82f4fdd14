"""Home: what is going on now, what needs somebody, and how it went lately."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from analytics import overview
from analytics.figures import RATES
from analytics.overview import Attention, Day
from analytics.selectors import Figures, as_of, campaign_figures, links_clicked
from campaigns.models import Campaign
from config.pages.access import SIGNED_IN
from config.pages.charts import Chart, Series
from config.pages.context import zone_of
from config.pages.views import Page, find

# Where one goes about it: pages of other apps, by the first of these addresses that there is.
_PLACES = {
    "campaign": ("campaigns:campaign",),
    "unknowns": ("sending:unknowns", "admin:delivery_message_changelist"),
    "dead_letters": ("sending:dead-letters", "admin:delivery_message_changelist"),
    "accounts": ("accounts:list",),
    "queues": ("sending:sending", "admin:delivery_sendorder_changelist"),
    "figures": ("admin:analytics_freshness_changelist",),
}
# The figures of a campaign in their order: words, the count, and its rate (analytics/figures.py).
_FIGURES = (
    (_("Sent"), "sent", ""),
    (_("Delivered"), "delivered", "delivery_rate"),
    (_("Opened by people"), "opened", "open_rate"),
    (_("Opened, machines included"), "opened_with_machines", "open_rate_with_machines"),
    (_("Clicked by people"), "clicked", "click_rate"),
    (_("Clicked, scanners included"), "clicked_with_machines", "click_rate_with_machines"),
    (_("Bounced"), "bounced", "bounce_rate"),
    (_("Unsubscribed"), "unsubscribed", "unsubscribe_rate"),
    (_("Reported as spam"), "complained", "complaint_rate"),
)
_JUST_OVER, _FRESH = timedelta(minutes=5), timedelta(days=1)
_PARTS = {"delivered": _("%(n)s %% of delivered"), "attempted": _("%(n)s %% of attempted")}
_STEPS = {
    "sender": (_("Say who you are"), _("A brand with its postal address, and a sender."), ("settings:brands",)),
    "account": (_("Connect a provider"), _("Where mail is handed over."), ("accounts:list",)),
    "contacts": (_("Bring your contacts"), _("A CSV of any shape."), ("audience:imports", "audience:contacts")),
    "template": (_("Write a message"), _("From one of eight starters."), ("content:gallery", "content:templates")),
    "campaign": (_("Make a campaign"), _("Nothing goes out before you launch it."), ("campaigns:list",)),
}


class Home(Page):
    """The page one opens in the morning."""

    needs = {"GET": SIGNED_IN}
    template_name = "analytics/home.html"
    title = _("Home")

    def get(self, request: HttpRequest) -> HttpResponse:
        if not self.may("campaigns:read"):
            return self.render("analytics/home_nobody.html")
        at = timezone.now()
        days = overview.last_days(at=at, zone=zone_of(request))
        return self.render(
            **_now(), days=days, chart=_chart(days), as_of=as_of(),
            steps=[_step(step.key, done=step.done) for step in overview.first_steps()],
            latest=[(one, _place("campaign", one.public_id), _share(one.opened, one.sent),
                     _share(one.clicked, one.sent))
                    for one in overview.latest()],
        )  # fmt: skip


class Now(Page):
    """The live part of Home."""

    needs = {"GET": "campaigns:read"}
    template_name = "analytics/now.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(**_now())


class CampaignFigures(Page):
    """What came of a campaign, as a part of its page: it lies a floor below and cannot ask."""

    needs = {"GET": "campaigns:read"}
    template_name = "analytics/campaign_figures.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        campaign = find(Campaign.objects.all(), "campaign", public_id)
        found = campaign_figures(campaign.pk)
        return self.render(
            figures=[_figure(label, found, count, rate) for label, count, rate in _FIGURES], as_of=as_of(),
            links=links_clicked(campaign.pk), public_id=public_id, polls=_polls(campaign, timezone.now()),
        )  # fmt: skip


def _polls(campaign: Campaign, at: datetime) -> int:
    """How often its figures are asked for anew, in ms: opens and clicks go on coming after its end; 0: not at all."""
    if campaign.state == Campaign.State.ACTIVE or (campaign.completed_at and at - campaign.completed_at < _JUST_OVER):
        return 5000
    return 30_000 if campaign.launched_at and at - campaign.launched_at < _FRESH else 0


def _figure(label: Any, found: Figures, count: str, rate: str) -> dict[str, Any]:
    number = found.counts[count]
    share = found.rates[rate].value if rate else None
    note = _PARTS[RATES[rate][1]] % {"n": share} if share is not None else ""
    return {"label": label, "value": int(number.value or 0), "definition": number.definition.capitalize(), "note": note}


def _now() -> dict[str, Any]:
    at = timezone.now()
    sends = [(live, _place("campaign", live.public_id)) for live in overview.live_sends(at=at)]
    waiting = [(one, _where(one)) for one in overview.attention(at=at)]
    return {"sends": sends, "waiting": waiting, "at": at}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _chart(days: list[Day]) -> Chart:
    series = [
        Series(_("Sent"), [day.sent for day in days]),
        Series(_("Opened by people"), [day.opened for day in days]),
        Series(_("Clicked by people"), [day.clicked for day in days]),
    ]
    labels = [date_format(day.day, "D j M") for day in days]
    return Chart(_("Messages of the last seven days"), labels, series, kind="bar", y=_("Messages"))


def _where(one: Attention) -> str:
    return _place(one.where, *([one.public_id] if one.public_id else []))


def _place(key: str, *arguments: str) -> str:
    return _first(_PLACES[key], *arguments)


def _step(key: str, *, done: bool) -> dict[str, Any]:
    title, sentence, names = _STEPS[key]
    return {"title": title, "sentence": sentence, "url": _first(names), "done": done}


def _first(names: tuple[str, ...], *arguments: str) -> str:
    for name in names:
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    return ""
