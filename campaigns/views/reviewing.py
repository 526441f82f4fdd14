"""The last step: exactly who, what, when and through what, what still blocks, and the launch."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import scheduling, selectors, services
from campaigns.errors import NotReady
from campaigns.models import Campaign
from campaigns.views import outlooks
from campaigns.views.building import Builder
from campaigns.views.places import State, author, check_seen, clock_words, one, refreshed, url_of
from config.api.auditing import audit
from config.pages.views import Page

GRACE = timedelta(seconds=10)  # in which a launch can be taken back


class Review(Builder):
    """The frame of it; what takes a moment to work out comes after (ReviewFacts)."""

    needs = {"GET": "campaigns:read"}
    here = "review"
    template_name = "campaigns/review.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self.begin(public_id)
        if not self.is_draft:
            return redirect(url_of(self.campaign))
        return self.render(**self.frame())


class ReviewFacts(Builder):
    """All that there is to know before a launch, worked out now by what the launch itself asks."""

    needs = {"GET": "campaigns:read"}
    here = "review"
    template_name = "campaigns/review_facts.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self.begin(public_id)
        campaign, by, now = refreshed(self.campaign), author(request), timezone.now()
        problems = selectors.readiness(campaign, by=by)
        forecast: Any
        forecast, trouble = outlooks.softly(selectors.forecast, campaign)
        at = campaign.scheduled_at or now
        shown: dict[str, Any] = {"forecast": forecast, "trouble": trouble}
        shown |= outlooks.words(campaign, forecast.reached) if forecast else {}
        for name, work, arguments in (
            ("clocks", outlooks.clocks, (campaign, at)),
            ("findings", outlooks.findings, (campaign,)),
            ("trial", outlooks.tried, (campaign,)),
        ):
            shown[name], shown[f"{name}_trouble"] = outlooks.softly(work, *arguments) if forecast else (None, "")
        trial = shown["trial"]
        return self.render(
            missing=trial.missing.most_common() if trial else [], failed=trial.failed.most_common() if trial else [],
            blockers=outlooks.blockers_of(campaign, problems), waits_for_yes=outlooks.needs_only_approval(problems),
            asks_for_yes=bool(forecast) and selectors.needs_approval(selectors.audience_of(campaign)),
            approved=selectors.is_approved(campaign), may_approve=selectors.is_second_person(campaign, by),
            pace=outlooks.pace(campaign, forecast.reached) if forecast else None, at=at, late=_is_past(campaign, now),
            chart=outlooks.waterfall(forecast) if forecast else None, may_launch=self.may("campaigns:launch"),
            **shown, **self.frame(),
        )  # fmt: skip


class Launch(Page):
    """Now (in ten seconds, so that it can be taken back), or at its time."""

    needs = {"POST": "campaigns:launch"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Raises NotReady, Conflict, IllegalMove."""
        campaign, now = one(public_id), timezone.now()
        check_seen(campaign, request.POST.get("version"))
        if problems := selectors.readiness(refreshed(campaign), by=author(request)):
            raise NotReady(*problems)
        at_a_time = campaign.scheduled_at is not None
        local, zone = _its_time(campaign) if at_a_time else (_soon(now), "UTC")
        with transaction.atomic():
            services.schedule(campaign, local=local, zone=zone, by=author(request), at=now)
            audit(request, "campaign_scheduled", "campaign", campaign.pk, {"status": ["draft", campaign.state]})
        if at_a_time:
            words = _("It goes out on %(local)s, %(zone)s.") % {"local": clock_words(local), "zone": zone}
        else:
            words = _("It goes out in ten seconds.")
        return self.done(words, url_of(campaign), undo=url_of(campaign, "take-back"))


class TakeBackLaunch(Page):
    """The launch undone: a draft again, with the time it was meant for."""

    needs = {"POST": "campaigns:launch"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Raises IllegalMove when it is going out already."""
        campaign = one(public_id)
        kept = {name: getattr(campaign, name) for name in ("scheduled_local", "scheduled_zone", "scheduled_at")}
        with transaction.atomic():
            services.unschedule(campaign, by=author(request))
            if not _was_now(kept["scheduled_at"]):
                services.edit(campaign, by=author(request), **kept)
            audit(request, "campaign_unscheduled", "campaign", campaign.pk, {"status": ["scheduled", campaign.state]})
        return self.done(_("Taken back: nothing goes out. It is a draft again."), url_of(campaign, "review"))


class Approve(Page):
    """A second person's yes."""

    needs = {"POST": "campaigns:launch"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Raises OwnCampaign, NotReady."""
        campaign = one(public_id)
        check_seen(campaign, request.POST.get("version"))
        with transaction.atomic():
            services.approve(campaign, by=author(request), at=timezone.now())
            audit(request, "campaign_approved", "campaign", campaign.pk)
        return self.done(_("You have approved it as it is now. An edit voids that."), url_of(campaign, "review"))


def _soon(now: datetime) -> datetime:
    """Ten seconds from now at least, on the clock of UTC, in whole seconds."""
    return (now + GRACE + timedelta(seconds=1)).replace(microsecond=0, tzinfo=None)


def _its_time(campaign: Campaign) -> tuple[datetime, str]:
    return scheduling.wall_time(campaign.scheduled_local), campaign.scheduled_zone


def _is_past(campaign: Campaign, now: datetime) -> bool:
    return bool(campaign.state == State.DRAFT and campaign.scheduled_at and campaign.scheduled_at <= now)


def _was_now(due: datetime | None) -> bool:
    """Whether its time was only the grace of a launch now."""
    return due is None or due - timezone.now() <= GRACE + timedelta(seconds=1)
