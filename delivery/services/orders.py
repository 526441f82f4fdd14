"""Send orders: what campaigns ask of delivery."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from delivery import ledger
from delivery.models import Lane, Purpose, SendOrder


def open_order(  # noqa: PLR0913 (all that an order says)
    *, campaign_id: int, step_id: int, run: int, lane: Lane, purpose: Purpose, brand_id: int, sender_id: int,
    template_version_id: int, list_id: int | None = None, audience_lists: Sequence[int] = (),
    expires_at: datetime | None = None, rate_per_minute: int | None = None, resend_unknown: bool = False,
    channel: str = "email", label: str = "",
) -> SendOrder:  # fmt: skip
    """The order of this step, run and channel, made at first use; asking again gives the same one."""
    order, _ = SendOrder.objects.get_or_create(
        step_id=step_id,
        run=run,
        channel=channel,
        defaults={
            "campaign_id": campaign_id,
            "lane": lane,
            "purpose": purpose,
            "brand_id": brand_id,
            "sender_id": sender_id,
            "template_version_id": template_version_id,
            "list_id": list_id,
            "audience_lists": list(audience_lists),
            "expires_at": expires_at,
            "rate_per_minute": rate_per_minute,
            "resend_unknown": resend_unknown,
            "label": label,
        },
    )
    return order


def plan_messages(order: SendOrder, contact_ids: Sequence[int], *, due_at: datetime) -> int:
    """One message a contact, due at `due_at`; returns how many are new. Who has no address is skipped at once."""
    rows = ledger.run(
        "plan", order=order.pk, campaign=order.campaign_id, channel=order.channel, contacts=list(contact_ids),
        due_at=due_at,
    )  # fmt: skip
    return int(rows[0][0])


def hold_orders(campaign_id: int) -> int:
    """Pause: nothing more of this campaign is begun. To be called in the transaction that pauses the campaign."""
    return _of(campaign_id, SendOrder.State.OPEN).update(state=SendOrder.State.HELD)


def resume_orders(campaign_id: int) -> int:
    """Let a held campaign go on where it stood."""
    return _of(campaign_id, SendOrder.State.HELD).update(state=SendOrder.State.OPEN)


def reopen_orders(campaign_id: int) -> int:
    """Something of an ended campaign is to go out after all. In the transaction that makes it active again."""
    return _of(campaign_id, SendOrder.State.CLOSED).update(state=SendOrder.State.OPEN)


def set_rate(campaign_id: int, per_minute: int | None) -> int:
    """From now on no more messages a minute than this; None: no limit."""
    return SendOrder.objects.filter(campaign_id=campaign_id).update(rate_per_minute=per_minute)


def close_orders(campaign_id: int) -> int:
    """End for good: nothing more is begun; what still waits becomes cancelled by the sweep, in chunks."""
    return SendOrder.objects.filter(campaign_id=campaign_id).update(state=SendOrder.State.CLOSED)


def _of(campaign_id: int, state: SendOrder.State) -> QuerySet[SendOrder]:
    return SendOrder.objects.filter(campaign_id=campaign_id, state=state)
