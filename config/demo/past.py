"""The demo's last week: campaigns that went out on earlier days, and what became of each of their messages.

Rows, not mail: they are laid in their last state in one transaction, so that no worker ever finds work in them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from django.db import transaction

from campaigns.models import Campaign, Enrolment, EnrolmentEvent, JourneyVersion, Run, Step
from campaigns.selectors.plans import audience_of
from campaigns.steps.base import step_types
from campaigns.steps.send import SendConfig
from compliance.models import AuditEntry, Reason, Scope
from compliance.services.suppressions import Entry, suppress_many
from config.lib.addresses import address_hashes
from delivery.models import DeliveryEvent, Lane, Message, SendOrder
from segments.models import Contact
from templates.models import TemplateLink

_A_SECOND = 25  # messages
_MACHINE_OPENS, _OPENS, _SCANNED, _CLICKS, _LEAVES, _BOUNCES = 0.24, 0.37, 0.02, 0.16, 0.012, 0.008
_HOURS_TO_OPEN = 7.0
_KIND = DeliveryEvent.Kind


@dataclass(frozen=True)
class Deed:
    """One event of one message: `reason` and `detail` as the delivery log has them."""

    kind: str
    at: datetime
    reason: str = ""
    detail: str = ""


@dataclass
class Week:
    """Who has left (contact → reason), so that later campaigns skip them. The same week each time."""

    at: datetime
    random: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - made-up people need no secrecy
    gone: dict[int, Reason] = field(default_factory=dict)


def lay(campaign: Campaign, week: Week, *, days_ago: int, hour: int) -> None:
    """The draft becomes a campaign that was launched then and has ended; who left by it is suppressed."""
    launched = (week.at - timedelta(days=days_ago)).replace(hour=hour, minute=0, second=0, microsecond=0)
    with transaction.atomic():
        run = _run(campaign, launched)
        messages = _messages(run, SendOrder.objects.get(campaign_id=campaign.pk), week)
        left = _tell(run, messages, week)
    _suppress(campaign, left, min(launched + timedelta(days=1), week.at))
    week.gone |= left


def _run(campaign: Campaign, launched: datetime) -> Run:
    audience = audience_of(campaign).count()
    ended = launched + timedelta(seconds=5 + audience / _A_SECOND)
    version = JourneyVersion.objects.create(campaign=campaign, number=1, entry="send")
    step = Step.objects.create(version=version, key="send", kind="send", config=vars(_config(campaign)))
    run = Run.objects.create(
        campaign=campaign, number=1, version=version, state=Run.State.ENDED, started_at=launched,
        frozen_at=launched + timedelta(seconds=1), ended_at=ended, audience=audience,
    )  # fmt: skip
    step_types.get(step.kind)().prepare(run, step)
    SendOrder.objects.filter(campaign_id=campaign.pk).update(state=SendOrder.State.CLOSED, created_at=launched)
    Campaign.objects.filter(pk=campaign.pk).update(
        state=Campaign.State.COMPLETED, launched_at=launched, completed_at=ended, created_at=launched
    )
    for action, at in (("campaign_launched", launched), ("campaign_completed", ended)):
        AuditEntry.objects.create(action=action, object_kind="campaign", object_id=campaign.pk, at=at)
    return run


def _config(campaign: Campaign) -> SendConfig:
    assert campaign.template is not None
    assert campaign.template.current_id is not None
    assert campaign.brand_id is not None
    assert campaign.sender_id is not None
    return SendConfig(
        campaign.template.current_id, campaign.brand_id, campaign.sender_id, campaign.purpose, Lane.BULK,
        campaign.list_id, [one.pk for one in campaign.lists.all()],
    )  # fmt: skip


def _messages(run: Run, order: SendOrder, week: Week) -> list[Message]:
    people = audience_of(run.campaign).order_by("pk").values_list("pk", "email_key")
    rows = [
        Message(
            order=order, contact_id=pk, address_key=key, attempt=1, created_at=run.started_at,
            settled_at=run.started_at + timedelta(seconds=2 + n / _A_SECOND), **_state(pk, key, week),
        )
        for n, (pk, key) in enumerate(people)
    ]  # fmt: skip
    return Message.objects.bulk_create(rows)


def _state(contact_id: int, address_key: int | None, week: Week) -> dict[str, str]:
    if address_key is None:
        return {"state": Message.State.SKIPPED, "reason": "no_address"}
    if reason := week.gone.get(contact_id):
        return {"state": Message.State.SKIPPED, "reason": reason}
    if week.random.random() < _BOUNCES:
        return {"state": Message.State.FAILED, "reason": "address_permanent"}
    return {"state": Message.State.SENT, "reason": ""}


def _tell(run: Run, messages: Sequence[Message], week: Week) -> dict[int, Reason]:
    """The logs of all that happened; returns who left, and why."""
    step = run.version.steps.get()
    links = list(TemplateLink.objects.filter(content__version_id=step.config["template_version_id"]).order_by("slot"))
    events, left = [], {}
    for message in messages:
        for deed in _deeds(message, [str(link.pk) for link in links], week.random):
            if deed.at > week.at:
                continue
            events.append(_event(message, run.campaign_id, deed))
            if deed.kind == _KIND.UNSUBSCRIBED:
                left[message.contact_id] = Reason.UNSUBSCRIBED
            elif deed.kind == _KIND.BOUNCED:
                left[message.contact_id] = Reason.BOUNCED
    DeliveryEvent.objects.bulk_create(sorted(events, key=lambda event: event.at))
    people = [message.contact_id for message in messages]
    done = Enrolment.State.COMPLETED
    Enrolment.objects.bulk_create(Enrolment(run=run, contact_id=pk, step=step, state=done) for pk in people)
    EnrolmentEvent.objects.bulk_create(
        EnrolmentEvent(kind=kind, at=run.started_at, contact_id=pk, campaign_id=run.campaign_id, run_id=run.pk,
                       step_id=step.pk)
        for pk in people for kind in (EnrolmentEvent.Kind.ENTERED, EnrolmentEvent.Kind.COMPLETED)
    )  # fmt: skip
    return left


def _deeds(message: Message, links: Sequence[str], random: Random) -> Iterator[Deed]:
    sent_at = message.settled_at
    assert sent_at
    if message.state == Message.State.SKIPPED:
        yield Deed(_KIND.SKIPPED, sent_at, message.reason)
    elif message.state == Message.State.FAILED:
        yield Deed(_KIND.BOUNCED, sent_at, message.reason, "550 5.1.1 No such user here")
    else:
        yield Deed(_KIND.SENT, sent_at)
        yield from _by_machines(sent_at, links, random)
        yield from _by_the_reader(sent_at, links, random)


def _by_machines(sent_at: datetime, links: Sequence[str], random: Random) -> Iterator[Deed]:
    if random.random() < _MACHINE_OPENS:
        yield Deed(_KIND.OPENED, sent_at + timedelta(seconds=random.uniform(1, 300)), "prefetch")
    if random.random() < _SCANNED:
        for link in links:
            yield Deed(_KIND.CLICKED, sent_at + timedelta(seconds=2), "scanner", link)


def _by_the_reader(sent_at: datetime, links: Sequence[str], random: Random) -> Iterator[Deed]:
    if random.random() > _OPENS:
        return
    opened = sent_at + timedelta(hours=random.expovariate(1 / _HOURS_TO_OPEN))
    yield Deed(_KIND.OPENED, opened)
    if links and random.random() < _CLICKS:
        chosen = links[min(int(random.expovariate(0.6)), len(links) - 1)]  # the first ones most
        yield Deed(_KIND.CLICKED, opened + timedelta(seconds=random.uniform(5, 90)), detail=chosen)
    if random.random() < _LEAVES:
        yield Deed(_KIND.UNSUBSCRIBED, opened + timedelta(minutes=1), Scope.LIST)


def _event(message: Message, campaign_id: int, deed: Deed) -> DeliveryEvent:
    return DeliveryEvent(
        kind=deed.kind, at=deed.at, message_id=message.pk, contact_id=message.contact_id, campaign_id=campaign_id,
        order_id=message.order_id, channel="email", attempt=1, reason=deed.reason, detail=deed.detail,
    )  # fmt: skip


def _suppress(campaign: Campaign, left: dict[int, Reason], at: datetime) -> None:
    """As the real ones: who unsubscribed left the list; a mailbox that is gone is gone for everybody."""
    emails = dict(Contact.objects.filter(pk__in=left).values_list("pk", "email"))
    for reason, source in ((Reason.UNSUBSCRIBED, "one_click"), (Reason.BOUNCED, "smtp")):
        scope, scope_id = (Scope.LIST, campaign.list_id or 0) if reason == Reason.UNSUBSCRIBED else (Scope.GLOBAL, 0)
        found = [address_hashes(emails[pk] or "") for pk, why in left.items() if why == reason]
        suppress_many(
            [Entry(tuple(one), scope, scope_id, reason) for one in found], source=source, at=at, actor_id=None
        )
