"""The page of a campaign that is scheduled, under way or over."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import scheduling, selectors
from campaigns.forms import LimitsForm, WhoForm
from campaigns.models import Campaign, Run
from campaigns.selectors.reasons import in_words
from campaigns.views import outlooks
from campaigns.views.building import CAMPAIGNS
from campaigns.views.places import UNDER_WAY, State, chip_of, clock_words, one, url_of
from config.lib.addresses import InvalidAddress, normalise_email
from config.lib.public_ids import encode
from config.pages.charts import Step, Waterfall
from config.pages.forms import PageForm
from config.pages.views import Action, Page, Tab
from delivery.selectors import dead_letters
from delivery.selectors.budgets import charged
from segments.models import Contact
from segments.selectors.segments import naming

_SOON = timedelta(seconds=90)


class _OfOne(Page):
    """What the tabs of a campaign have in common."""

    needs = {"GET": "campaigns:read"}
    here = "summary"

    def begin(self, public_id: str) -> Campaign:
        """Raises NotFound."""
        self.campaign = campaign = one(public_id)
        self.title, self.chip, self.crumbs = campaign.name, chip_of(campaign), (CAMPAIGNS,)
        self.sentence = campaign.description
        self.public_id = public_id
        self.faults = dead_letters.faults(campaign.pk) if campaign.launched_at else []
        self.unknown = dead_letters.unknown(campaign.pk) if campaign.launched_at else {}
        open_problems = sum(fault.messages for fault in self.faults) + sum(self.unknown.values())
        self.tabs = (
            Tab(_("Summary"), url_of(campaign), here=self.here == "summary"),
            Tab(_("Problems"), url_of(campaign, "problems"), here=self.here == "problems", count=open_problems),
            Tab(_("What happened"), url_of(campaign, "timeline"), here=self.here == "timeline"),
        )
        self.menu = tuple(self._menu(campaign))
        return campaign

    def frame(self) -> dict[str, Any]:
        """What the dialogs of all tabs need."""
        state = self.campaign.state
        waiting = selectors.progress(self.campaign, at=timezone.now()) if state in UNDER_WAY else None
        return {"campaign": self.campaign, "public_id": self.public_id, "progress": waiting,
                "under_way": state in UNDER_WAY, "may_launch": self.may("campaigns:launch")}  # fmt: skip

    def _menu(self, campaign: Campaign) -> list[Action]:
        menu = [Action(_("Clone"), need="campaigns:write", icon="clone", dialog="ask-clone")]
        if campaign.state in (State.SCHEDULED, *UNDER_WAY):
            menu.append(Action(_("Cancel for good"), need="campaigns:launch", icon="ban", dialog="ask-cancel"))
        if campaign.state in (State.COMPLETED, State.CANCELLED, State.DRAFT) and not campaign.archived_at:
            menu.append(Action(_("Archive"), need="campaigns:write", icon="archive", dialog="ask-archive"))
        return menu


class Detail(_OfOne):
    """The summary. A draft opens in the builder instead."""

    needs = {"GET": "campaigns:read", "POST": "campaigns:read"}
    template_name = "campaigns/detail.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        campaign = self.begin(public_id)
        if campaign.state == State.DRAFT and not campaign.archived_at:
            ready = campaign.sender_id and campaign.template_id
            return redirect(url_of(campaign, "review" if ready else "audience"))
        return self.show(WhoForm(auto_id="who_%s"))

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Why did X (not) get this? By POST: an address in the query string would stay in histories and logs."""
        self.begin(public_id)
        form = WhoForm(request.POST, auto_id="who_%s")
        explanation = self._explained(form) if form.is_valid() else None
        if self.htmx:
            return self.render("campaigns/why.html", status=200 if explanation else 422, who=form,
                               explanation=explanation, **self.frame())  # fmt: skip
        return self.show(form, explanation)

    def show(self, form: PageForm, explanation: selectors.Explanation | None = None) -> HttpResponse:
        campaign = self.campaign
        limits = {"rate_per_minute": campaign.rate_per_minute, "budget": campaign.budget}
        return self.render(
            who=form, explanation=explanation, limits=LimitsForm(initial=limits, auto_id="limit_%s"),
            audience_names=_names(campaign), named_by=self._segments(),
            spent=charged(campaign.pk) if campaign.launched_at else None, **_live(campaign), **self.frame(),
        )  # fmt: skip

    def _segments(self) -> list[tuple[str, str]]:
        """(name, address) of the segments whose rules ask for its audience or its messages."""
        found = naming(self.public_id) if self.may("segments:read") else ()
        return [(one.name, reverse("segments:segment", args=[encode("segment", one.pk)])) for one in found]

    def _explained(self, form: PageForm) -> selectors.Explanation | None:
        try:
            email = normalise_email(form.cleaned_data["contact"])
        except InvalidAddress as error:
            form.add_error("contact", error.detail)
            return None
        contact = Contact.objects.filter(email=email).first()
        if contact is None:
            form.add_error("contact", _("There is no contact with this address."))
            return None
        return selectors.explain(contact, self.campaign)


class Live(Page):
    """How far it is, asked for every two seconds; the whole page again when its state has changed."""

    needs = {"GET": "campaigns:read"}
    template_name = "campaigns/live.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        campaign = one(public_id)
        now = timezone.now()
        progress = selectors.progress(campaign, at=now) if campaign.state in UNDER_WAY else None
        shown = _live(campaign)
        response = self.render(campaign=campaign, public_id=public_id, progress=progress, **shown)
        if request.GET.get("state", shown["seen"]) != shown["seen"]:
            response["HX-Refresh"] = "true"
        return response


class Account(Page):
    """Where everybody of its audience has ended, counted from the ledger itself."""

    needs = {"GET": "campaigns:read"}
    template_name = "campaigns/account.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        campaign = one(public_id)
        account = selectors.waterfall(campaign)
        return self.render(campaign=campaign, account=account, chart=_waterfall(account), public_id=public_id,
                           moves=campaign.state == State.ACTIVE)  # fmt: skip


class Who(Page):
    """Who would get it if it went out now: asked of what is scheduled."""

    needs = {"GET": "campaigns:read"}
    template_name = "campaigns/who.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        found, trouble = outlooks.softly(selectors.forecast, one(public_id))
        return self.render(forecast=found, trouble=trouble, chart=outlooks.waterfall(found) if found else None)


class Problems(_OfOne):
    """What failed, by reason, and what nobody knows of; with what can be done about each."""

    template_name = "campaigns/problems.html"
    here = "problems"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self.begin(public_id)
        faults = [(fault, in_words(fault.reason).capitalize()) for fault in self.faults]
        unknown = [(in_words(reason).capitalize(), number) for reason, number in self.unknown.items()]
        return self.render(
            faults=faults, unknown=unknown, unknown_total=sum(self.unknown.values()),
            may_decide=self.may("campaigns:launch") and self.campaign.state != State.CANCELLED, **self.frame(),
        )  # fmt: skip


class Timeline(_OfOne):
    """What was done to it, by whom."""

    template_name = "campaigns/timeline.html"
    here = "timeline"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self.begin(public_id)
        return self.render(moments=selectors.timeline(self.campaign), **self.frame())


def _live(campaign: Campaign) -> dict[str, Any]:
    """What the live part shows; `seen` names the state it is of."""
    run = campaign.runs.order_by("number").last()
    freezing = bool(run and run.state == Run.State.FREEZING)
    due = campaign.scheduled_at
    soon = bool(campaign.state == State.SCHEDULED and not campaign.held_reason and due
                and due - timezone.now() < _SOON)  # fmt: skip
    return {
        "run": run, "freezing": freezing, "soon": soon,
        "polls": 1000 if soon else 2000 if campaign.state == State.ACTIVE else 0,
        "local_words": clock_words(scheduling.wall_time(campaign.scheduled_local)) if campaign.scheduled_local else "",
        "seen": f"{campaign.state}{'-held' if campaign.held_reason else ''}",
    }  # fmt: skip


def _waterfall(account: selectors.Account) -> Waterfall:
    """From the audience to those who got it; what still waits stands apart."""
    held = sorted(account.skipped.items(), key=lambda item: -item[1])
    failed = sorted(account.failed.items(), key=lambda item: -item[1])
    steps = [Step(_("In the audience"), account.audience, total=True)]
    steps += [Step(in_words(why).capitalize(), -n) for why, n in held if n]
    steps += [Step(_("Failed: %(why)s") % {"why": in_words(why)}, -n) for why, n in failed if n]
    rest = ((_("Cancelled"), account.cancelled), (_("Nobody knows"), account.unknown),
            (_("Still waiting"), account.waiting + account.sending))  # fmt: skip
    steps += [Step(label, -n) for label, n in rest if n]
    return Waterfall(_("Who got it, and who did not"), [*steps, Step(_("Sent"), account.sent, total=True)],
                     unit=_("People"))  # fmt: skip


def _names(campaign: Campaign) -> dict[str, list[tuple[str, str]]]:
    """What its audience is made of, in names."""
    kinds = {"segments": _("segment"), "lists": _("list")}
    return {
        "to": [(kind, str(row)) for name, kind in kinds.items() for row in getattr(campaign, name).order_by("name")],
        "but": [(kind, str(row)) for name, kind in kinds.items()
                for row in getattr(campaign, f"excluded_{name}").order_by("name")],
    }  # fmt: skip
