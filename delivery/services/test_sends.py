"""Test sends: a template as one person would get it, to somebody who works here. Never counted, always gated.

It is a message like any other to an opt-out: its intent is in the ledger before the gate is read (campaign 0).
"""

import time
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model

from compliance.gate import decide
from compliance.models import Brand, Sender
from config.lib.addresses import address_hashes
from config.lib.errors import Conflict, FieldError, Invalid
from delivery import ledger
from delivery.accounts import Account, choose_account
from delivery.ledger import Claimed
from delivery.models import Lane, Message, Purpose, SendOrder
from delivery.outcomes import settlement
from delivery.preparing import OrderDesk
from delivery.providers.base import Outcome, Receipt
from segments.models import ContactList
from segments.selectors.contacts import Recipient, merge_contexts
from templates.models import MessageTemplate, TemplateVersion

CAMPAIGN_OF_TESTS = 0


class HeldBack(Conflict):
    """The gate holds this message back."""

    code = "held_back"


class NotSent(Conflict):
    """The mail server did not take the message."""

    code = "not_sent"
    status = 502


def send_test(
    *, version: TemplateVersion, brand: Brand, sender: Sender, to: str, contact_id: int | None, at: datetime,
    account_id: int | None = None,
) -> Receipt:  # fmt: skip
    """Send a version to `to` (a normalised address) as the contact would get it, or as somebody unknown.

    `account_id` names the provider account to try, be it active or not.
    Raises Invalid (not a tester), HeldBack, NotSent, and what rendering raises.
    """
    _check_is_tester(to)
    account = choose_account("email", account_id)
    if account is None:
        raise NotSent("There is no active provider account that can be used: add one, or correct its settings.")
    order = _order(version, brand, sender)
    message = Message.objects.create(order=order, contact_id=contact_id or 0, state=Message.State.CLAIMED)
    claimed = Claimed(message.pk, order.pk, message.contact_id, attempt=0)
    try:
        receipt = _send(claimed, order, _recipient(contact_id, to, version), account, at)
    finally:
        SendOrder.objects.filter(pk=order.pk).update(state=SendOrder.State.CLOSED)
    if receipt.outcome is not Outcome.SENT:
        raise NotSent(f"The mail server did not take the message: {receipt.detail or receipt.outcome}")
    return receipt


def send_newest_test(*, to: str, account_id: int, at: datetime) -> Receipt:
    """Try a provider account: the template that was changed last, from the first sender, to `to`.

    Raises Invalid when there is no template or sender yet, and what send_test raises.
    """
    template = MessageTemplate.objects.select_related("current").exclude(current=None).order_by("-current_id").first()
    sender = Sender.objects.select_related("brand").filter(archived_at=None).order_by("pk").first()
    if template is None or template.current is None or sender is None:
        raise Invalid(FieldError("/", "A test needs a template and a sender: make them first.", "required"))
    return send_test(
        version=template.current, brand=sender.brand, sender=sender, to=to, contact_id=None, at=at,
        account_id=account_id,
    )  # fmt: skip


def _send(claimed: Claimed, order: SendOrder, recipient: Recipient, account: Account, at: datetime) -> Receipt:
    """The recipe of the pipeline for one message: intent, gate, dispatch, settle."""
    addresses = address_hashes(recipient.email or "")
    begin_before = time.monotonic() + settings.SEND_BEGIN_WINDOW_S
    (attempt,) = ledger.begin({claimed.id: addresses[0].key}, account_id=account.id).values()
    receipt = Receipt(claimed.id, Outcome.PERMANENT, "test")
    try:
        desk = OrderDesk(order, subject_prefix="[Test] ")
        if verdict := decide([desk.candidate(claimed, addresses)], at=at).get(claimed.id):
            raise HeldBack(f"The gate holds this message back: {verdict.reason}.")
        envelope = desk.envelope(claimed.id, recipient, addresses[0], at=at)
        (receipt,) = account.provider.send([envelope], begin_before=begin_before)
    finally:
        outcome = settlement(receipt, claimed, attempt=attempt, at=at)
        # tried once: whatever was not sent is over
        over = replace(outcome, state=Message.State.FAILED) if outcome.state == Message.State.READY else outcome
        ledger.settle([over])
    return receipt


def _check_is_tester(to: str) -> None:
    """Test sends go to people with roles or to seed lists: no back door for mail to anybody (STANDARDS B10.2)."""
    staff = get_user_model().objects.filter(email__iexact=to, is_staff=True, is_active=True)
    seeds = ContactList.objects.filter(is_seed=True, memberships__contact__email=to)
    if not staff.exists() and not seeds.exists():
        raise Invalid(
            FieldError("/to", "Test sends go to people who work here, or to a contact on a seed list.", "not_a_tester")
        )


def _order(version: TemplateVersion, brand: Brand, sender: Sender) -> SendOrder:
    return SendOrder.objects.create(
        campaign_id=CAMPAIGN_OF_TESTS, step_id=-version.pk, run=time.time_ns() // 1_000_000 % 2**31,
        lane=Lane.TRANSACTIONAL, purpose=Purpose.MARKETING, brand=brand, sender=sender, template_version=version,
    )  # fmt: skip


def _recipient(contact_id: int | None, to: str, version: TemplateVersion) -> Recipient:
    known = merge_contexts([contact_id]).get(contact_id) if contact_id else None
    return Recipient(
        contact_id=contact_id or 0,
        email=to,
        language=known.language if known else version.default_language,
        timezone=known.timezone if known else "UTC",
        fields=known.fields if known else {},
    )
