"""What operators do to campaigns in the admin: each act is confirmed on a page with numbers, then done one by one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns import scheduling, selectors, services, states
from campaigns.models import Campaign
from compliance.services.audit import record
from config.lib.errors import DomainError, FieldError, Invalid


@dataclass(frozen=True)
class Request:
    """One act on one campaign, as the person asked for it."""

    campaign: Campaign
    by: User
    at: datetime
    time: dict[str, str]


@dataclass(frozen=True)
class Act:
    """`permission` is what `has_<permission>_permission` of the admin class answers; `move` says when it is offered."""

    name: str
    label: str
    permission: str
    run: Callable[[Request], object]
    move: states.Move | None = None
    needs_time: bool = False

    @property
    def participle(self) -> str:
        return self.move.participle if self.move else "cloned"


class TimeForm(forms.Form):
    """When a schedule launches."""

    local = forms.CharField(label="Local time", help_text="2026-12-24T09:00", widget=forms.DateTimeInput)
    zone = forms.CharField(label="Time zone", help_text="Europe/Berlin")

    def clean(self) -> dict[str, str]:
        cleaned = super().clean() or {}
        try:
            scheduling.instant(scheduling.wall_time(cleaned["local"]), scheduling.zone(cleaned["zone"]))
        except KeyError:  # one of them is missing, and has its own error
            pass
        except Invalid as error:
            raise forms.ValidationError(error.errors[0].detail) from None
        return cleaned


@dataclass(frozen=True)
class Line:
    """One campaign on the confirmation page. `audience` is as things are now; None when it cannot be told."""

    campaign: Campaign
    audience: int | None
    problems: list[FieldError]


def line(campaign: Campaign, act: Act, by: User) -> Line:
    """The numbers by which a person decides."""
    if act not in offered(campaign):
        assert act.move is not None  # what has none is always offered
        return Line(campaign, None, [FieldError("/status", states.refusal(act.move, campaign.state).detail)])
    if campaign.runs.exists():
        return Line(campaign, selectors.waterfall(campaign).audience, [])
    asks = act.move in (states.LAUNCH, states.APPROVE)
    problems = selectors.readiness(selectors.with_plan(campaign.pk), by=by) if asks else []
    return Line(campaign, None if problems else selectors.audience_of(campaign).count(), problems)


def perform(act: Act, campaign: Campaign, *, by: User, time: dict[str, str]) -> str:
    """Do it; returns what went wrong, in words, or nothing."""
    before = campaign.state
    try:
        with transaction.atomic():
            act.run(Request(campaign, by, timezone.now(), time))
            campaign.refresh_from_db(fields=["state"])
            record(
                actor_id=by.pk, action=f"campaign_{act.participle}", object_kind="campaign", object_id=campaign.pk,
                changes={"status": [before, campaign.state], "through": "admin"},
            )  # fmt: skip
    except DomainError as error:
        return f"{campaign}: {error.detail}"
    return ""


def _schedule(request: Request) -> object:
    local = scheduling.wall_time(request.time["local"])
    return services.schedule(request.campaign, local=local, zone=request.time["zone"], by=request.by, at=request.at)


ACTS = [
    Act("approve", "Approve", "launch", lambda r: services.approve(r.campaign, by=r.by, at=r.at), states.APPROVE),
    Act("launch", "Launch", "launch", lambda r: services.launch(r.campaign, by=r.by, at=r.at), states.LAUNCH),
    Act("schedule", "Schedule", "launch", _schedule, states.SCHEDULE, needs_time=True),
    Act("unschedule", "Unschedule", "launch", lambda r: services.unschedule(r.campaign, by=r.by), states.UNSCHEDULE),
    Act("pause", "Pause", "launch", lambda r: services.pause(r.campaign, by=r.by), states.PAUSE),
    Act("resume", "Resume", "launch", lambda r: services.resume(r.campaign, by=r.by), states.RESUME),
    Act("cancel", "Cancel", "launch", lambda r: services.cancel(r.campaign, by=r.by), states.CANCEL),
    Act("archive", "Archive", "launch", lambda r: services.archive(r.campaign, by=r.by, at=r.at), states.ARCHIVE),
    Act("clone", "Clone", "add", lambda r: services.clone(r.campaign, by=r.by)),
]


def offered(campaign: Campaign) -> list[Act]:
    """The acts that can succeed in the state the campaign is in."""
    return [
        act for act in ACTS if act.move is None or (campaign.state in act.move.sources and not campaign.archived_at)
    ]
