"""The send order was put on hold or closed: its campaign was paused, cancelled or has ended."""

from collections.abc import Sequence
from datetime import datetime

from compliance.gate import Action, Candidate, Rule, Verdict
from delivery.models import SendOrder

_VERDICTS: dict[str, Verdict] = {
    SendOrder.State.HELD: Verdict(Action.HOLD, "campaign_paused"),
    SendOrder.State.CLOSED: Verdict(Action.CANCEL, "campaign_cancelled"),
}
_EXPIRED = Verdict(Action.SKIP, "expired")


class OrderOpen(Rule):
    kind = "order"

    def verdicts(self, candidates: Sequence[Candidate], *, at: datetime) -> dict[int, Verdict]:
        order_ids = {candidate.order_id for candidate in candidates}
        rows = SendOrder.objects.filter(pk__in=order_ids).values_list("pk", "state", "expires_at")
        blocked = {
            pk: verdict
            for pk, state, expires_at in rows
            if (verdict := _VERDICTS.get(state) or (_EXPIRED if expires_at and expires_at <= at else None))
        }
        return {c.message_id: blocked[c.order_id] for c in candidates if c.order_id in blocked}
