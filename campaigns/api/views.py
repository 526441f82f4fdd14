"""Campaigns: drafts, and the moves of their lives."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from campaigns import scheduling, selectors, services, states
from campaigns.api.plans import in_words_of_the_body, plan_of, pointing_into_the_body
from campaigns.api.serializers import (
    CampaignBody,
    CampaignChange,
    CampaignDetail,
    CampaignShown,
    Explanation,
    Launched,
    Readiness,
    ScheduleBody,
)
from campaigns.models import Campaign
from campaigns.services.drafts import AUDIENCE_FIELDS
from config.api.auditing import audit, difference
from config.api.endpoints import Endpoint, find, shown
from config.api.parameters import choice, flag, ident, text
from config.api.permissions import require
from config.lib import public_ids
from config.lib.addresses import InvalidAddress, normalise_email
from config.lib.caching import recalled, remember
from config.lib.errors import DomainError, FieldError, Invalid
from delivery.selectors.budgets import charged
from segments.models import Contact
from segments.selectors.limits import time_limit

State = Campaign.State
COUNT_LIMIT = 0.25  # seconds
COUNT_KEPT_S = 30
_LIMITS = {"rate_per_minute", "budget"}
_UNDER_WAY = (State.ACTIVE, State.PAUSED, State.COMPLETED, State.CANCELLED)


class Campaigns(Endpoint):
    scopes = {"GET": "campaigns:read", "POST": "campaigns:write"}

    @extend_schema(
        operation_id="list_campaigns",
        parameters=[
            choice("status", "Where it stands", State.values),
            text("name", "Part of the name"),
            flag("archived", "Those put away instead"),
        ],
        responses=CampaignShown(many=True),
    )
    def get(self, request: Any) -> Response:
        """All campaigns, the newest first."""
        rows = Campaign.objects.filter(archived_at__isnull=not self.flag("archived"))
        if status := self.choices(status=State.values).get("status"):
            rows = rows.filter(state=status)
        if part := request.query_params.get("name"):
            rows = rows.filter(name__icontains=part)
        return self.page(rows, CampaignShown)

    @extend_schema(operation_id="create_campaign", request=CampaignBody, responses={201: CampaignDetail})
    def post(self, request: Any) -> Response:
        """A new draft."""
        plan = plan_of(self.body(CampaignBody))
        with transaction.atomic():
            campaign = services.create(by=request.user, **plan)
            audit(request, "campaign_created", "campaign", campaign.pk, difference({}, _facts(campaign)))
        return _detail(campaign, status=201)


class OneCampaign(Endpoint):
    scopes = {
        "GET": "campaigns:read",
        "PATCH": ("campaigns:write", "campaigns:launch"),  # a change of status needs the latter
        "DELETE": "campaigns:write",
    }

    @extend_schema(operation_id="get_campaign", parameters=[ident()], responses=CampaignDetail)
    def get(self, request: Any, public_id: str) -> Response:
        """One campaign with its plan and its figures."""
        return _detail(find(Campaign.objects, "campaign", public_id))

    @extend_schema(
        operation_id="update_campaign",
        parameters=[ident()],
        request=CampaignChange(partial=True),
        responses=CampaignDetail,
    )
    def patch(self, request: Any, public_id: str) -> Response:
        """Change a draft; with `status` alone what the campaign does; under way also `rate_per_minute` and `budget`."""
        body = self.body(CampaignChange, partial=True)
        limits = bool(body) and body.keys() <= _LIMITS
        if not limits:
            require(request, "campaigns:launch" if "status" in body else "campaigns:write")
        campaign = find(Campaign.objects, "campaign", public_id)
        adjusts = limits and campaign.state in states.ADJUST.sources
        if limits:
            require(request, "campaigns:launch" if adjusts else "campaigns:write")
        self.check_unchanged(campaign)
        if "status" in body:
            _become(request, campaign, body["status"])
        elif adjusts:
            _adjust(request, campaign, plan_of(body))
        else:
            self._edit(request, campaign, body)
        return _detail(campaign)

    @extend_schema(operation_id="archive_campaign", parameters=[ident()], responses={204: None})
    def delete(self, request: Any, public_id: str) -> Response:
        """Put away a campaign that is not live. Its figures stay."""
        campaign = find(Campaign.objects, "campaign", public_id)
        self.check_unchanged(campaign)
        with transaction.atomic():
            services.archive(campaign, by=request.user, at=timezone.now())
            audit(request, "campaign_archived", "campaign", campaign.pk)
        return Response(status=204)

    def _edit(self, request: Any, campaign: Campaign, body: dict[str, Any]) -> None:
        plan, before = plan_of(body), _facts(campaign)
        with transaction.atomic():
            locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
            self.check_unchanged(locked)
            services.edit(campaign, by=request.user, **plan)
            changes = difference(before, _facts(campaign)) | {"fields": sorted(body)}
            audit(request, "campaign_changed", "campaign", campaign.pk, changes)


class _Verb(Endpoint):
    """One move of a campaign."""

    scopes = {"POST": "campaigns:launch"}
    act: ClassVar[Callable[[Any, Campaign], object]]
    participle: ClassVar[str]

    def post(self, request: Any, public_id: str) -> Response:
        campaign = find(Campaign.objects, "campaign", public_id)
        self.check_unchanged(campaign)
        _audited(request, campaign, self.participle, type(self).act)
        return shown(Launched(campaign).data, row=campaign)


def _verb(name: str, participle: str, act: Callable[[Any, Campaign], object], says: str) -> type[Endpoint]:
    described = extend_schema(operation_id=f"{name}_campaign", parameters=[ident()], request=None, responses=Launched)

    def post(self: _Verb, request: Any, public_id: str) -> Response:
        return _Verb.post(self, request, public_id)

    post.__doc__ = says
    body = {"act": staticmethod(act), "participle": participle, "__doc__": says, "post": described(post)}
    return type(f"{name.title()}Campaign", (_Verb,), body)


def _launch(request: Any, campaign: Campaign) -> None:
    """Now, or when its start_time lies ahead, then."""
    with pointing_into_the_body():
        if campaign.state == State.DRAFT and campaign.scheduled_at and campaign.scheduled_at > timezone.now():
            local = scheduling.wall_time(campaign.scheduled_local)
            services.schedule(campaign, local=local, zone=campaign.scheduled_zone, by=request.user, at=timezone.now())
        else:
            services.launch(campaign, by=request.user, at=timezone.now())


def _approve(request: Any, campaign: Campaign) -> None:
    with pointing_into_the_body():
        services.approve(campaign, by=request.user, at=timezone.now())


def _unschedule(request: Any, campaign: Campaign) -> None:
    services.unschedule(campaign, by=request.user)


def _pause(request: Any, campaign: Campaign) -> None:
    services.pause(campaign, by=request.user)


def _resume(request: Any, campaign: Campaign) -> None:
    services.resume(campaign, by=request.user)


def _cancel(request: Any, campaign: Campaign) -> None:
    services.cancel(campaign, by=request.user)


LaunchCampaign = _verb("launch", "launched", _launch, "Start a campaign now, or when its start_time lies ahead, then.")
ApproveCampaign = _verb(
    "approve", "approved", _approve, "A second person's yes to a launch to many, for exactly what it is now."
)
UnscheduleCampaign = _verb("unschedule", "unscheduled", _unschedule, "Back to a draft.")
PauseCampaign = _verb("pause", "paused", _pause, "Nothing more is begun until it is resumed; nobody is lost.")
ResumeCampaign = _verb("resume", "resumed", _resume, "Go on where it stood.")
CancelCampaign = _verb("cancel", "cancelled", _cancel, "End for good; nothing more is begun.")


class ScheduleCampaign(Endpoint):
    scopes = {"POST": "campaigns:launch"}

    @extend_schema(operation_id="schedule_campaign", parameters=[ident()], request=ScheduleBody, responses=Launched)
    def post(self, request: Any, public_id: str) -> Response:
        """Launch at a time on the wall clock of a zone; scheduling again replaces the time."""
        body = self.body(ScheduleBody)
        campaign = find(Campaign.objects, "campaign", public_id)
        self.check_unchanged(campaign)
        local = scheduling.wall_time(body["scheduled_local"])

        def act(request: Any, campaign: Campaign) -> None:
            with pointing_into_the_body():
                services.schedule(
                    campaign, local=local, zone=body["scheduled_zone"], by=request.user, at=timezone.now()
                )

        _audited(request, campaign, "scheduled", act)
        return shown(Launched(campaign).data, row=campaign)


class CloneCampaign(Endpoint):
    scopes = {"POST": "campaigns:write"}

    @extend_schema(operation_id="clone_campaign", parameters=[ident()], request=None, responses={201: CampaignDetail})
    def post(self, request: Any, public_id: str) -> Response:
        """A new draft with the same plan."""
        with transaction.atomic():
            copy = services.clone(find(Campaign.objects, "campaign", public_id), by=request.user)
            audit(request, "campaign_created", "campaign", copy.pk, difference({}, _facts(copy)))
        return _detail(copy, status=201)


class CampaignReadiness(Endpoint):
    scopes = {"GET": "campaigns:read"}

    @extend_schema(operation_id="get_campaign_readiness", parameters=[ident()], responses=Readiness)
    def get(self, request: Any, public_id: str) -> Response:
        """All that a campaign lacks to be launched by whoever asks."""
        campaign = selectors.with_plan(find(Campaign.objects, "campaign", public_id).pk)
        problems = in_words_of_the_body(selectors.readiness(campaign, by=request.user))
        return Response(Readiness({"ready": not problems, "problems": problems}).data)


class ExplainCampaign(Endpoint):
    scopes = {"GET": "campaigns:read"}

    @extend_schema(
        operation_id="explain_campaign",
        parameters=[ident(), text("contact_id", "Whom it is about"), text("email", "Or the address")],
        responses=Explanation,
    )
    def get(self, request: Any, public_id: str) -> Response:
        """Why did this person (not) get this campaign?"""
        campaign = find(Campaign.objects, "campaign", public_id)
        contact = _asked(request.query_params)
        return Response(Explanation(selectors.explain(contact, campaign)).data)


def _adjust(request: Any, campaign: Campaign, limits: Any) -> None:
    before = {name: str(getattr(campaign, name)) for name in limits}
    with transaction.atomic():
        services.adjust(campaign, by=request.user, **limits)
        after = {name: str(getattr(campaign, name)) for name in limits}
        audit(request, "campaign_adjusted", "campaign", campaign.pk, difference(before, after))


def _become(request: Any, campaign: Campaign, status: str) -> None:
    """The move that leads to a status; none when it is so already."""
    moves: dict[str, tuple[str, Callable[[Any, Campaign], object]]] = {
        State.ACTIVE: ("resumed", _resume) if campaign.state == State.PAUSED else ("launched", _launch),
        State.SCHEDULED: ("scheduled", _launch),
        State.PAUSED: ("paused", _pause),
        State.CANCELLED: ("cancelled", _cancel),
        State.DRAFT: ("unscheduled", _unschedule),
    }
    if status == campaign.state:
        return
    if status not in moves:
        raise Invalid(FieldError("/status", "A campaign completes by itself, when nothing waits any more."))
    if status == State.SCHEDULED and not (campaign.scheduled_at and campaign.scheduled_at > timezone.now()):
        raise Invalid(FieldError("/start_time", "Give it a time to come first.", "required"))
    _audited(request, campaign, *moves[status])


def _audited(request: Any, campaign: Campaign, participle: str, act: Callable[[Any, Campaign], object]) -> None:
    before = campaign.state
    with transaction.atomic():
        act(request, campaign)
        audit(request, f"campaign_{participle}", "campaign", campaign.pk, {"status": [before, campaign.state]})


def _detail(campaign: Campaign, *, status: int = 200) -> Response:
    view: Any = campaign
    prefetch_related_objects([campaign], *AUDIENCE_FIELDS)
    view.metrics = selectors.waterfall(campaign) if campaign.state in _UNDER_WAY else None
    view.budget_spent = charged(campaign.pk)
    view.estimated_recipients = view.metrics.audience if view.metrics else _estimate(campaign)
    location = f"/api/v1/campaigns/{public_ids.encode('campaign', campaign.pk)}" if status == 201 else ""
    return shown(CampaignDetail(view).data, status=status, row=campaign, location=location)


def _estimate(campaign: Campaign) -> int | None:
    """Counted again after half a minute at the soonest: a page that is looked at often need not count a million."""
    name = f"audience:{campaign.pk}:{campaign.updated_at.timestamp()}"
    if (known := recalled(name)) is not None:
        return known
    try:
        with time_limit(COUNT_LIMIT):
            found = selectors.audience_of(campaign).count()
    except DomainError:  # too slow, or a segment that does not compile: readiness names it
        return None
    remember(name, found, COUNT_KEPT_S)
    return found


def _facts(campaign: Campaign) -> dict[str, Any]:
    names = ("name", "purpose", "brand_id", "sender_id", "template_id", "list_id", "scheduled_local", "scheduled_zone")
    return {name: getattr(campaign, name) for name in names if getattr(campaign, name) not in (None, "")}


def _asked(wanted: Any) -> Contact:
    if "contact_id" in wanted:
        return find(Contact.objects, "contact", wanted["contact_id"])
    try:
        email = normalise_email(wanted.get("email", ""))
    except InvalidAddress as error:
        raise Invalid(FieldError("/email", error.detail, error.code)) from None
    contact = Contact.objects.filter(email=email).first()
    if contact is None:
        raise Invalid(FieldError("/email", "There is no contact with this address.", "unknown"))
    return contact
