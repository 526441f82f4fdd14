"""Campaigns in the making: create, edit, clone, archive."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.contrib.auth.models import User
from django.db import transaction

from campaigns import states
from campaigns.models import Campaign
from campaigns.services import moves
from compliance.models import Brand, Sender
from segments.models import ContactList, Segment
from templates.models import MessageTemplate

AUDIENCE_FIELDS = ("segments", "lists", "excluded_segments", "excluded_lists")
PLAN_FIELDS = (
    "description", "purpose", "brand", "sender", "template", "list", "late_policy", "late_after_minutes",
    "rate_per_minute", "budget", "expires_after_hours", "resend_unknown",
)  # fmt: skip


class Plan(TypedDict, total=False):
    """What a campaign says, to whom and as whom; what is left out stays as it is."""

    name: str
    description: str
    purpose: str
    brand: Brand | None
    sender: Sender | None
    template: MessageTemplate | None
    list: ContactList | None
    late_policy: str
    late_after_minutes: int
    rate_per_minute: int | None
    budget: Decimal | None
    expires_after_hours: int | None
    resend_unknown: bool
    scheduled_local: str  # of a draft: when it is meant to launch
    scheduled_zone: str
    scheduled_at: datetime | None
    segments: Collection[Segment]
    lists: Collection[ContactList]
    excluded_segments: Collection[Segment]
    excluded_lists: Collection[ContactList]


def create(*, by: User | None, **plan: Unpack[Plan]) -> Campaign:
    """A new draft. It may lack anything but a name until it is launched."""
    with transaction.atomic():
        campaign = Campaign.objects.create(created_by=by, **_columns(plan))
        _set_audience(campaign, plan)
    return campaign


def edit(campaign: Campaign, *, by: User | None, **plan: Unpack[Plan]) -> Campaign:
    """Change a draft. Raises IllegalMove: a schedule is taken back first, so that nobody edits what goes out."""
    with transaction.atomic():
        moves.make(campaign, states.EDIT, by=by, **_columns(plan))
        _set_audience(campaign, plan)
    return campaign


def clone(campaign: Campaign, *, by: User | None, name: str = "") -> Campaign:
    """A new draft with the same plan, whatever the state of the old one."""
    plan = Plan(name=name or f"{campaign.name} (copy)"[:255])
    plan.update({field: getattr(campaign, field) for field in PLAN_FIELDS})  # type: ignore[typeddict-item]  # fields by name
    plan.update({field: getattr(campaign, field).all() for field in AUDIENCE_FIELDS})  # type: ignore[typeddict-item]  # fields by name
    return create(by=by, **plan)


def archive(campaign: Campaign, *, by: User | None, at: datetime) -> None:
    """Put away a campaign that is not live. Its figures stay."""
    with transaction.atomic():
        moves.make(campaign, states.ARCHIVE, by=by, archived_at=at)


def _columns(plan: Plan) -> dict[str, Any]:
    return {field: value for field, value in plan.items() if field not in AUDIENCE_FIELDS}


def _set_audience(campaign: Campaign, plan: Plan) -> None:
    for field in AUDIENCE_FIELDS:
        if field in plan:
            getattr(campaign, field).set(plan[field])  # type: ignore[literal-required]  # fields by name
