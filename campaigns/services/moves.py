"""The one way a campaign changes its state: a conditional update, so that of two who try one succeeds."""

from datetime import datetime
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.errors import ChangedMeanwhile, IllegalMove
from campaigns.models import Campaign
from campaigns.states import Move, refusal
from compliance.services.audit import record

log = structlog.get_logger(__name__)


def make(campaign: Campaign, move: Move, *, by: User | None, seen: datetime | None = None, **changes: Any) -> None:
    """Make a move inside the caller's transaction; until that ends the campaign is locked for other moves.

    `seen` is the `updated_at` of what was checked. Raises IllegalMove, ChangedMeanwhile.
    """
    if move.target is not None:
        changes["state"] = move.target
    ours = Campaign.objects.filter(pk=campaign.pk, state__in=move.sources, archived_at=None)
    if seen is not None:
        ours = ours.filter(updated_at=seen)
    if not ours.update(**changes, updated_at=timezone.now()):
        raise _why_not(campaign, move)
    campaign.refresh_from_db(fields=[*changes, "updated_at"])
    if by is None:  # nobody's request, so no entrance will write down who did it
        record(
            action=f"campaign_{move.participle}", object_kind="campaign", object_id=campaign.pk,
            changes={"status": campaign.state, "reason": campaign.held_reason},
        )  # fmt: skip
    log.info("campaign_moved", campaign=campaign.pk, move=move.name, state=campaign.state, by=by and by.pk)


def _why_not(campaign: Campaign, move: Move) -> IllegalMove | ChangedMeanwhile:
    now = Campaign.objects.only("state", "archived_at").get(pk=campaign.pk)
    if now.archived_at:
        return IllegalMove(f"An archived campaign cannot be {move.participle}. Clone it to use it again.", ["clone"])
    return ChangedMeanwhile() if now.state in move.sources else refusal(move, now.state)
