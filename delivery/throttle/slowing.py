"""What the answers teach: a deferral for reputation slows that group of mailboxes alone, and time restores it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from delivery import classification
from delivery.accounts import Account
from delivery.models import MailboxProvider, MailDomain
from delivery.providers.base import Outcome, Receipt
from delivery.throttle import groups
from delivery.throttle.demands import Demand
from delivery.throttle.groups import Group
from delivery.throttle.limits import account_limits

log = structlog.get_logger(__name__)


def observe(demands: Sequence[Demand], receipts: Sequence[Receipt], account: Account, *, at: datetime) -> None:
    """Learn from what the servers answered: a deferral for reputation slows that mailbox provider."""
    told = {
        demand.recipient_domain: receipt.detail
        for demand, receipt in zip(demands, receipts, strict=True)
        if receipt.outcome is Outcome.TRANSIENT and classification.is_about_reputation(receipt.code, receipt.detail)
    }
    if told and account_limits(account.id).shapes:
        of = groups.current().of(told)
        for domain, group in of.items():
            slow(group, domain, reason=told[domain], at=at)


def slow(group: Group, domain: str, *, reason: str, at: datetime) -> None:
    """One connection and one message a minute for as long as its row says; a domain of nobody's by itself."""
    provider = MailboxProvider.objects.get(pk=group.provider_id)
    until = at + timedelta(minutes=provider.slow_for_minutes)
    slowed = {"slowed_until": until, "slowed_reason": reason[:300]}
    if provider.is_default:
        MailDomain.objects.update_or_create(domain=domain, defaults=slowed)
    else:
        MailboxProvider.objects.filter(pk=provider.pk).update(**slowed)
    if not group.slowed:
        log.warning("mailbox_provider_slowed", group=group.key, until=until.isoformat(), reason=reason)
    groups.forget_rows()
