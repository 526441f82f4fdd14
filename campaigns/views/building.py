"""The builder: audience, content and schedule of a draft, saved as one goes; review and launch are in reviewing.py."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import selectors, services
from campaigns.forms import AudienceForm, ContentForm, NameForm, PlanForm, ScheduleForm, zone_names
from campaigns.models import Campaign
from campaigns.services.drafts import AUDIENCE_FIELDS
from campaigns.views.places import STEPS, State, author, check_seen, one, url_of
from campaigns.views.undoing import History, facts, plan_from
from config.api.auditing import audit
from config.api.endpoints import etag
from config.lib import public_ids
from config.lib.errors import Conflict, DomainError, NotFound
from config.pages.context import zone_of
from config.pages.forms import FormPage, tell
from config.pages.views import Action, Page

CAMPAIGNS = (gettext_lazy("Campaigns"), reverse_lazy("campaigns:list"))


class NewCampaign(FormPage):
    """A name, and one is in the builder."""

    needs = {"GET": "campaigns:write", "POST": "campaigns:write"}
    form_class = NameForm
    title = gettext_lazy("New campaign")
    sentence = gettext_lazy("Nothing goes out before you have seen exactly who gets it, and launched it.")
    crumbs = (CAMPAIGNS,)
    submit = gettext_lazy("Choose its audience")

    def save(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            campaign = services.create(by=author(self.request), name=form.cleaned_data["name"])
            audit(self.request, "campaign_created", "campaign", campaign.pk)
        return redirect(url_of(campaign, "audience"))


class Rename(FormPage):
    """Another name for a draft."""

    needs = {"GET": "campaigns:write", "POST": "campaigns:write"}
    form_class = NameForm
    title = gettext_lazy("Rename")

    def form_kwargs(self) -> dict[str, Any]:
        self.campaign = one(self.kwargs["public_id"])
        self.crumbs = (CAMPAIGNS, (self.campaign.name, url_of(self.campaign)))
        return {"initial": {"name": self.campaign.name}}

    def save(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            services.edit(self.campaign, by=author(self.request), name=form.cleaned_data["name"])
            audit(self.request, "campaign_changed", "campaign", self.campaign.pk, {"fields": ["name"]})
        return redirect(url_of(self.campaign))


class Builder(Page):
    """What the steps have in common. A campaign that is no draft any more has its own page."""

    here: ClassVar[str]

    def begin(self, public_id: str) -> Campaign:
        self.campaign = one(public_id)
        self.title, self.crumbs = self.campaign.name, (CAMPAIGNS,)
        self.chip = (self.campaign.state, "")
        self.menu = (
            Action(_("Rename"), url_of(self.campaign, "rename"), "campaigns:write", icon="edit"),
            Action(_("Clone"), need="campaigns:write", icon="clone", dialog="ask-clone"),
            Action(_("Archive"), need="campaigns:write", icon="archive", dialog="ask-archive"),
        )
        return self.campaign

    @property
    def is_draft(self) -> bool:
        return self.campaign.state == State.DRAFT and not self.campaign.archived_at

    def frame(self) -> dict[str, Any]:
        """What surrounds each step: the other steps with their marks, the version, what can be taken back."""
        history = History(self.request, self.campaign)
        return {
            "campaign": self.campaign, "version": etag(self.campaign), "here": self.here,
            "public_id": public_ids.encode("campaign", self.campaign.pk),
            "steps": [(key, label, url_of(self.campaign, key), mark) for (key, label), mark in
                      zip(STEPS, _marks(self.campaign), strict=True)],
            "can_undo": bool(history.past), "can_redo": bool(history.future), "may_write": self.may("campaigns:write"),
        }  # fmt: skip


class BuilderStep(Builder):
    """One step: a form that saves itself at each change, and by its buttons without a script."""

    needs = {"GET": "campaigns:read", "POST": "campaigns:write"}
    form_class: ClassVar[type[PlanForm]]
    changed: Sequence[str] = ()  # by this request

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self.begin(public_id)
        if not self.is_draft:
            return redirect(url_of(self.campaign))
        return self.show(self.form())

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        self.begin(public_id)
        form = self.form(request.POST)
        try:
            check_seen(self.campaign, request.POST.get("version"))
            if form.is_valid():
                self.save(form)
                return self.saved(form)
        except Conflict as error:
            if self.htmx:
                return self.render("campaigns/step_conflict.html", status=409, detail=error.detail,
                                   url=url_of(self.campaign, self.here))  # fmt: skip
            raise
        except DomainError as error:
            tell(form, error)
        return self.answer(form, status=422) if self.htmx else self.show(form, status=422)

    def form(self, data: Any = None) -> PlanForm:
        values = self.form_class.values(self.campaign)
        return self.form_class(data, initial=values, campaign=self.campaign, auto_id="id_%s")

    def save(self, form: PlanForm) -> None:
        """Write what differs; nothing, when nothing does. Raises Conflict, IllegalMove."""
        request, before = self.request, facts(self.campaign)
        history = History(request, self.campaign)
        plan = form.plan()
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=self.campaign.pk)
            check_seen(locked, request.POST.get("version"))
            if not _differs(self.campaign, plan):
                return
            services.edit(self.campaign, by=author(request), **plan)
            self.campaign = one(public_ids.encode("campaign", self.campaign.pk))
            self.changed = sorted(name for name, value in facts(self.campaign).items() if before[name] != value)
            audit(request, "campaign_changed", "campaign", self.campaign.pk, {"fields": self.changed})
        history.changed(before, self.campaign)

    def saved(self, form: PlanForm) -> HttpResponse:
        if self.htmx:
            response = self.answer(form)
            response["HX-Trigger"] = "plan-saved"
            return response
        wanted = self.request.POST.get("go", self.here)
        return redirect(url_of(self.campaign, wanted if wanted in dict(STEPS) else self.here))

    def answer(self, form: PlanForm, *, status: int = 200) -> HttpResponse:
        """Only what is around the fields: what somebody types meanwhile is theirs."""
        at = None if form.errors else timezone.now()
        return self.render(
            "campaigns/step_saved.html", status=status, form=form, at=at, **self.frame(), **self.beside()
        )

    def show(self, form: PlanForm, *, status: int = 200) -> HttpResponse:
        template = f"campaigns/{self.here}.html"
        return self.render(template, status=status, form=form, **self.frame(), **self.beside())

    def beside(self) -> dict[str, Any]:
        """More for the template of the step."""
        return {}


class AudienceStep(BuilderStep):
    here, form_class = "audience", AudienceForm


class ContentStep(BuilderStep):
    here, form_class = "content", ContentForm


class ScheduleStep(BuilderStep):
    here, form_class = "schedule", ScheduleForm

    def beside(self) -> dict[str, Any]:
        return {"zones": zone_names(), "reader_zone_name": zone_of(self.request).key}


class TakeBack(Builder):
    """Undo and redo: the draft as it was one change ago, or after it again."""

    needs = {"POST": "campaigns:write"}
    here = "review"

    def post(self, request: HttpRequest, public_id: str, which: str) -> HttpResponse:
        """Raises Conflict when there is nothing, or somebody else has changed it since."""
        self.begin(public_id)
        step = request.POST.get("here", "audience")
        if which not in ("undo", "redo") or step not in dict(STEPS):
            raise NotFound
        check_seen(self.campaign, request.POST.get("version"))
        history = History(request, self.campaign)
        kept = history.step(which, facts(self.campaign))
        if kept is None:
            raise Conflict(_("There is nothing to take back."))
        with transaction.atomic():
            services.edit(self.campaign, by=author(request), **plan_from(kept))
            audit(request, "campaign_changed", "campaign", self.campaign.pk, {"by": which})
        history.settled(self.campaign)
        return redirect(url_of(self.campaign, step))


class Count(Builder):
    """Who is in the audience as it stands, and how its parts add up."""

    needs = {"GET": "campaigns:read"}
    here = "audience"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        campaign = self.begin(public_id)
        try:
            found, trouble = selectors.overlap(campaign), ""
        except DomainError as error:
            found, trouble = None, error.detail
        return self.render("campaigns/count.html", found=found, trouble=trouble, campaign=campaign)


def _marks(campaign: Campaign) -> list[bool]:
    """Whether each step has what it needs; the review is never done by itself."""
    audience = any(getattr(campaign, name).exists() for name in ("segments", "lists"))
    content = bool(campaign.sender_id and campaign.template and campaign.template.current_id)
    schedule = campaign.scheduled_at is None or campaign.scheduled_at > timezone.now()
    return [audience, content, schedule, False]


def _differs(campaign: Campaign, plan: dict[str, Any]) -> bool:
    return any(
        set(getattr(campaign, name).all()) != set(value)
        if name in AUDIENCE_FIELDS
        else getattr(campaign, name) != value
        for name, value in plan.items()
    )
