"""The breaker of an account: one row for all workers, so that what one finds out all know with the next batch."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from delivery.accounts.health import Health, after, signs
from delivery.accounts.opened import Account, resting
from delivery.models import Breaker
from delivery.providers.base import Receipt

log = structlog.get_logger(__name__)
TRIAL = 10  # messages that go through an account to see whether it works again


def report(account: Account, receipts: Sequence[Receipt], *, at: datetime) -> None:
    """Learn from what a provider answered to a group: an outage opens its breaker, a good trial closes it."""
    seen = signs(receipts)
    if (seen.ill or not account.healthy) and (seen.ill or seen.well):
        _note(account, receipts, at)


def rests(account: Account) -> bool:
    """Whether the breaker opened while the batch was under way."""
    until = resting.get(account.id)
    return until is not None and timezone.now() < until


def take_trial(account_id: int, *, at: datetime) -> bool:
    """Be the one worker that tries an account whose rest is over; it has as long as a lease to find out."""
    over = Q(state__in=[Breaker.State.OPEN, Breaker.State.HALF_OPEN], retry_at__lte=at)
    until = at + timedelta(seconds=settings.SEND_LEASE_S)
    mine = Breaker.objects.filter(over, pk=account_id).update(state=Breaker.State.HALF_OPEN, retry_at=until)
    if mine:
        resting.pop(account_id, None)
    return bool(mine)


@transaction.atomic
def _note(account: Account, receipts: Sequence[Receipt], at: datetime) -> None:
    Breaker.objects.get_or_create(account_id=account.id)
    row = Breaker.objects.select_for_update().get(account_id=account.id)
    before = Health(row.state, row.failures, row.retry_at, row.reason)
    now = after(before, signs(receipts), at=at)
    if now == before:
        return
    if now.state != before.state:
        row.changed_at = at
        log.warning("breaker", account=account.id, state=now.state, reason=now.reason)
    row.state, row.failures, row.retry_at, row.reason = now.state, now.failures, now.retry_at, now.reason
    row.save()
    if now.state == Breaker.State.OPEN and now.retry_at:
        resting[account.id] = now.retry_at
