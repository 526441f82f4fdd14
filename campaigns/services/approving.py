"""A second person's yes to a launch."""

from datetime import datetime

from django.contrib.auth.models import User

from campaigns import selectors, states
from campaigns.errors import NotReady
from campaigns.models import Approval, Campaign
from config.lib.errors import Conflict


class OwnCampaign(Conflict):
    """The author of a campaign cannot approve it: ask somebody else who may launch."""

    code = "own_campaign"


def approve(campaign: Campaign, *, by: User, at: datetime) -> Approval:
    """Say yes to what the campaign is now. Raises OwnCampaign, NotReady (with what else it lacks), IllegalMove."""
    checked = selectors.with_plan(campaign.pk)
    if checked.state not in states.APPROVE.sources:
        raise states.refusal(states.APPROVE, checked.state)
    if not selectors.is_second_person(checked, by):
        raise OwnCampaign
    if problems := selectors.readiness(checked, by=by):
        raise NotReady(*problems)
    return record(checked, by=by, at=at)


def record(campaign: Campaign, *, by: User, at: datetime) -> Approval:
    """Write down the yes of somebody who may give it."""
    return Approval.objects.create(campaign=campaign, fingerprint=selectors.fingerprint(campaign), by_id=by.pk, at=at)


def record_if_second(campaign: Campaign, *, by: User | None, at: datetime) -> None:
    """A second person who launches or schedules says yes by it; a schedule is launched later, by the system."""
    if by is not None and selectors.is_second_person(campaign, by):
        record(campaign, by=by, at=at)
