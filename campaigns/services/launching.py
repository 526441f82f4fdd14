"""Launch now or at a time. A launch pins what goes out; who gets it is frozen by the engine right after."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from campaigns import scheduling, selectors, states
from campaigns.errors import NotReady
from campaigns.models import Campaign, JourneyVersion, Run, Step
from campaigns.services import approving, moves
from campaigns.steps.base import step_types
from campaigns.steps.send import SendConfig
from config.lib.errors import Conflict, FieldError, Invalid
from delivery.models import Lane
from delivery.services.budgets import set_budget

_NO_SCHEDULE: dict[str, Any] = {"scheduled_local": "", "scheduled_zone": "", "scheduled_at": None, "held_reason": ""}


def launch(campaign: Campaign, *, by: User | None, at: datetime) -> Run:
    """Start a campaign. Raises NotReady with all that is missing, IllegalMove, ChangedMeanwhile.

    Checked outside the transaction, since a check may take seconds; `updated_at` ties it to what is launched.
    """
    checked = selectors.with_plan(campaign.pk)
    if checked.state in states.LAUNCH.sources and (problems := selectors.readiness(checked, by=by)):
        raise NotReady(*problems)
    with transaction.atomic():
        moves.make(campaign, states.LAUNCH, by=by, seen=checked.updated_at, launched_at=at, held_reason="")
        approving.record_if_second(checked, by=by, at=at)
        set_budget(campaign_id=checked.pk, amount=checked.budget)
        return _start_run(checked, _publish(checked), at)


def schedule(campaign: Campaign, *, local: datetime, zone: str, by: User | None, at: datetime) -> datetime:
    """Launch at a wall-clock time of a zone; returns the instant. Scheduling again replaces the time.

    Everything but the size of the audience is checked now, and all of it again at launch.
    Raises NotReady, Invalid (unknown zone, time in the past), IllegalMove.
    """
    due = scheduling.instant(local, scheduling.zone(zone))
    if due <= at:
        detail = f"{local:%Y-%m-%d %H:%M} in {zone} is in the past; choose a later time or launch now."
        raise Invalid(FieldError("/scheduled_local", detail, "in_the_past"))
    checked = selectors.with_plan(campaign.pk)
    problems = [p for p in selectors.readiness(checked, by=by) if p.code != selectors.EMPTY_AUDIENCE]
    if checked.state in states.SCHEDULE.sources and problems:
        raise NotReady(*problems)
    wall = local.isoformat(timespec="seconds")
    with transaction.atomic():
        moves.make(
            campaign, states.SCHEDULE, by=by, seen=checked.updated_at,
            scheduled_local=wall, scheduled_zone=zone, scheduled_at=due, held_reason="",
        )  # fmt: skip
        approving.record_if_second(checked, by=by, at=at)
    return due


def unschedule(campaign: Campaign, *, by: User | None) -> None:
    """Back to a draft."""
    with transaction.atomic():
        moves.make(campaign, states.UNSCHEDULE, by=by, **_NO_SCHEDULE)


def hold(campaign: Campaign, *, reason: str) -> bool:
    """Leave a due schedule to a person, who releases, reschedules or unschedules it; false when someone was faster."""
    same = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.SCHEDULED, scheduled_at=campaign.scheduled_at)
    return bool(same.filter(held_reason="").update(held_reason=reason))


def release(campaign: Campaign, *, by: User | None, at: datetime) -> Run:
    """A person lets a held schedule go out after all. Raises Conflict when none is held, and as `launch` does."""
    campaign.refresh_from_db(fields=["state", "held_reason"])
    if campaign.state != Campaign.State.SCHEDULED or not campaign.held_reason:
        raise Conflict("This campaign has no schedule that is held.")
    return launch(campaign, by=by, at=at)


def recompute_schedules(*, at: datetime) -> int:
    """Follow the wall clock when the zones' rules were changed under a schedule; returns how many moved."""
    moved = 0
    for campaign in Campaign.objects.filter(state=Campaign.State.SCHEDULED, scheduled_at__gt=at):
        local = scheduling.wall_time(campaign.scheduled_local)
        due = scheduling.instant(local, scheduling.zone(campaign.scheduled_zone))
        same = Campaign.objects.filter(pk=campaign.pk, state=campaign.state, scheduled_at=campaign.scheduled_at)
        moved += 0 if due == campaign.scheduled_at else same.update(scheduled_at=due)
    return moved


def _publish(campaign: Campaign) -> JourneyVersion:
    """The immutable journey of a broadcast: one send step."""
    last = campaign.versions.aggregate(last=Max("number"))["last"] or 0
    version = JourneyVersion.objects.create(campaign=campaign, number=last + 1, entry="send")
    Step.objects.create(version=version, key="send", kind="send", config=vars(_send_config(campaign)))
    return version


def _send_config(campaign: Campaign) -> SendConfig:
    assert campaign.template is not None  # all of it by readiness
    assert campaign.template.current_id is not None
    assert campaign.brand_id is not None
    assert campaign.sender_id is not None
    return SendConfig(
        template_version_id=campaign.template.current_id,
        brand_id=campaign.brand_id,
        sender_id=campaign.sender_id,
        purpose=campaign.purpose,
        lane=Lane.BULK,
        list_id=campaign.list_id,
        audience_lists=list(campaign.lists.order_by("pk").values_list("pk", flat=True)),
        rate_per_minute=campaign.rate_per_minute,
        resend_unknown=campaign.resend_unknown,
        expires_after_hours=campaign.expires_after_hours,
    )


def _start_run(campaign: Campaign, version: JourneyVersion, at: datetime) -> Run:
    last = campaign.runs.aggregate(last=Max("number"))["last"] or 0
    run = Run.objects.create(campaign=campaign, number=last + 1, version=version, started_at=at)
    for step in version.steps.all():
        step_types.get(step.kind)().prepare(run, step)
    return run
