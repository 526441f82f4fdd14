"""Send a message: the people of the batch get a row each in the ledger, and delivery does the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from campaigns.models import Run, Step
from campaigns.steps.base import Batch, StepType
from delivery.models import Lane, Purpose, SendOrder
from delivery.services import orders


@dataclass(frozen=True)
class SendConfig:
    """All that the messages of the step share, pinned at launch: later edits of a template do not reach it."""

    template_version_id: int
    brand_id: int
    sender_id: int
    purpose: str
    lane: str
    list_id: int | None = None
    audience_lists: Sequence[int] = ()
    rate_per_minute: int | None = None
    resend_unknown: bool = False
    expires_after_hours: int | None = None


class Send(StepType):
    kind = "send"

    def prepare(self, run: Run, step: Step) -> None:
        """Open the order before anybody is planned, so that a pause always finds it to hold."""
        _order(run, step)

    def decide(self, batch: Batch) -> dict[str, Sequence[int]]:
        """Everybody is planned; whether their message may go out is asked when it does."""
        orders.plan_messages(_order(batch.run, batch.step), batch.contact_ids, due_at=batch.at)
        return {"planned": batch.contact_ids}


def _order(run: Run, step: Step) -> SendOrder:
    config = SendConfig(**step.config)
    return orders.open_order(
        campaign_id=run.campaign_id,
        step_id=step.pk,
        run=run.number,
        lane=Lane(config.lane),
        purpose=Purpose(config.purpose),
        brand_id=config.brand_id,
        sender_id=config.sender_id,
        template_version_id=config.template_version_id,
        list_id=config.list_id,
        audience_lists=config.audience_lists,
        expires_at=run.started_at + timedelta(hours=config.expires_after_hours) if config.expires_after_hours else None,
        rate_per_minute=config.rate_per_minute,
        resend_unknown=config.resend_unknown,
        label=run.campaign.name,
    )
