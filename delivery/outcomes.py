"""What a provider's receipt means for the ledger. Pure."""

from datetime import datetime

from delivery.ledger import Claimed, Settlement
from delivery.models import DeliveryEvent, Message
from delivery.providers.base import Outcome, Receipt
from delivery.retrying import retry_at, unreachable_until

_KIND = DeliveryEvent.Kind
_STATE = Message.State
# Permanent refusals that say something of the mailbox are bounces; the others reject the message or its sender.
_BOUNCES = frozenset({"address_permanent", "mailbox_temporary"})


def settlement(receipt: Receipt, claimed: Claimed, *, attempt: int, at: datetime) -> Settlement:
    """The next state of a begun message, its reason and its event. `attempt` is the number it was begun under."""
    state, kind, reason, due_at = _decide(receipt, claimed, at)
    return Settlement(claimed.id, attempt, state, kind, reason, receipt.detail, due_at)


def _decide(
    receipt: Receipt, claimed: Claimed, at: datetime
) -> tuple[Message.State, DeliveryEvent.Kind | str, str, datetime | None]:
    if receipt.outcome is Outcome.SENT:
        return _STATE.SENT, _KIND.SENT, "", None
    if receipt.outcome is Outcome.UNKNOWN:
        return _STATE.UNKNOWN, _KIND.UNKNOWN, "no_reply", None
    if receipt.outcome is Outcome.PERMANENT:
        kind = _KIND.BOUNCED if receipt.category in _BOUNCES else _KIND.REJECTED
        return _STATE.FAILED, kind, receipt.category, None
    if receipt.outcome is Outcome.NOT_BEGUN:
        # the time to begin was over: next group; nobody took connections: in a while
        soon = receipt.retry_after_s == 0
        return _STATE.READY, "", "not_begun", None if soon else unreachable_until(message_id=claimed.id, at=at)
    due_at = retry_at(
        message_id=claimed.id, deferrals=claimed.deferrals, deferred_since=claimed.deferred_since, at=at,
        hint_s=receipt.retry_after_s,
    )  # fmt: skip
    if due_at is None:
        return _STATE.FAILED, _KIND.FAILED, "gave_up", None
    return _STATE.READY, _KIND.DEFERRED, receipt.category, due_at
