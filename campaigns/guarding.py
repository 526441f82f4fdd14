"""A campaign in which too much goes wrong, or whose budget is spent, pauses itself and tells its owner (B11.5)."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings

from campaigns import notices, services
from campaigns.errors import IllegalMove
from campaigns.models import Campaign
from delivery.selectors import ledger, tallies
from delivery.selectors.budgets import exhausted
from delivery.selectors.tallies import Lately


def guard(*, at: datetime) -> list[Campaign]:
    """Pause each active campaign of whose last attempts too many went wrong, or whose budget is spent; returns them.

    What was settled before it was last resumed does not count: a person has looked at it.
    """
    window = at - timedelta(minutes=settings.CAMPAIGN_GUARD_MINUTES)
    active = {one.pk: one for one in Campaign.objects.filter(state=Campaign.State.ACTIVE)}
    found = tallies.lately({pk: max(window, one.resumed_at or window) for pk, one in active.items()})
    reasons = {pk: trouble(counts) for pk, counts in found.items()} | _spent(active)
    return [active[pk] for pk, reason in reasons.items() if reason and _pause(active[pk], reason)]


def trouble(counts: Lately) -> str:
    """What is wrong with so many answers, in words; blank when nothing is."""
    if counts.attempts < settings.CAMPAIGN_GUARD_ATTEMPTS:
        return ""
    return " ".join(_troubles(counts))


def _troubles(counts: Lately) -> Iterator[str]:
    shares = (
        (counts.bounced, settings.CAMPAIGN_MAX_BOUNCED_PERCENT, "bounced"),
        (counts.failed - counts.bounced, settings.CAMPAIGN_MAX_FAILED_PERCENT, "failed"),
        (counts.unknown, settings.CAMPAIGN_MAX_UNKNOWN_PERCENT, "got no answer, so that nobody knows of them"),
    )
    for number, limit, what in shares:
        share = 100 * number / counts.attempts
        if limit and share > limit:
            yield (
                f"Of the last {counts.attempts:,} messages {number:,} {what}: {share:.1f} %, more than the {limit:g} % "
                "that are allowed."
            )


def _spent(active: Mapping[int, Campaign]) -> dict[int, str]:
    """Those whose budget is used up while something still waits."""
    return {
        pk: f"Its budget of {active[pk].budget} is spent. Raise it and resume, or cancel the campaign."
        for pk in exhausted(active)
        if not ledger.is_settled(pk)
    }


def _pause(campaign: Campaign, reason: str) -> bool:
    with suppress(IllegalMove):  # somebody was faster
        services.pause(campaign, by=None, reason=f"It paused itself. {reason}")
        notices.paused(campaign)
        return True
    return False
