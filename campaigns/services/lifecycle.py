"""Pause, resume, cancel, and the end of a run. Each takes effect on what is sent in its own transaction."""

from datetime import datetime
from decimal import Decimal
from typing import TypedDict, Unpack

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns import selectors, states
from campaigns.errors import IllegalMove
from campaigns.models import Campaign, Run
from campaigns.services import moves
from delivery.services import orders
from delivery.services.budgets import set_budget


class Limits(TypedDict, total=False):
    """What may change under way; None: no limit."""

    rate_per_minute: int | None
    budget: Decimal | None


def adjust(campaign: Campaign, *, by: User | None, **limits: Unpack[Limits]) -> None:
    """Change how fast it goes and what it may cost while it is under way. Raises IllegalMove."""
    with transaction.atomic():
        moves.make(campaign, states.ADJUST, by=by, **limits)
        if "rate_per_minute" in limits:
            orders.set_rate(campaign.pk, limits["rate_per_minute"])
        if "budget" in limits:
            set_budget(campaign_id=campaign.pk, amount=limits["budget"])


def pause(campaign: Campaign, *, by: User | None, reason: str = "") -> None:
    """Nothing more is begun until it is resumed; nobody is lost. `reason` is what the system tells a person."""
    with transaction.atomic():
        moves.make(campaign, states.PAUSE, by=by, held_reason=reason)
        orders.hold_orders(campaign.pk)


def resume(campaign: Campaign, *, by: User | None) -> None:
    """Go on where it stood."""
    with transaction.atomic():
        moves.make(campaign, states.RESUME, by=by, held_reason="", resumed_at=timezone.now())
        orders.resume_orders(campaign.pk)


def cancel(campaign: Campaign, *, by: User | None) -> None:
    """End for good. Nothing more is begun from here on; the engine then closes the accounts of who still waited."""
    with transaction.atomic():
        moves.make(campaign, states.CANCEL, by=by, held_reason="")
        live = [Run.State.FREEZING, Run.State.RUNNING]
        campaign.runs.filter(state__in=live).update(state=Run.State.CLOSING, lease_until=None)
        orders.close_orders(campaign.pk)


def end(run: Run, *, at: datetime) -> bool:
    """End a run in which nothing waits any more, and with it its broadcast; false when it is not the time for it."""
    with transaction.atomic():
        if run.state == Run.State.RUNNING:
            try:
                moves.make(run.campaign, states.COMPLETE, by=None, completed_at=at)
            except IllegalMove:  # paused or cancelled just now
                return False
            if not selectors.is_over(run):  # asked again under the lock that a replay takes
                transaction.set_rollback(True)
                return False
        if not Run.objects.filter(pk=run.pk, state=run.state).update(state=Run.State.ENDED, ended_at=at):
            return False
        orders.close_orders(run.campaign_id)
    return True


def let_go_on(campaign: Campaign, *, by: User | None) -> None:
    """In the transaction that sends something after all: a completed campaign is active again until that is settled.

    Raises IllegalMove: what was cancelled stays so.
    """
    now = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if now.state not in states.SEND_AFTER_ALL.sources:
        raise states.refusal(states.SEND_AFTER_ALL, now.state)
    if now.state == Campaign.State.COMPLETED:
        moves.make(campaign, states.REOPEN, by=by, completed_at=None)
        campaign.runs.filter(state=Run.State.ENDED).update(state=Run.State.RUNNING, ended_at=None)
        orders.reopen_orders(campaign.pk)
