"""Campaigns that are ready to launch, with everything they stand on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from campaigns import engine, freezing, services
from campaigns.models import Campaign, Run
from delivery.models import DeliveryEvent, Message
from segments.models import Contact, ContactList, ListMembership
from templates.models import MessageTemplate
from templates.services import ContentDraft, create_template, save_version
from tests.factories.compliance import make_brand, make_sender
from tests.factories.delivery import make_people

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
BODY = "<p>Hello</p><p>{{ brand.postal_address }} <a href='{{ links.unsubscribe }}'>Unsubscribe</a></p>"
_numbers = count(1)


def listed(contacts: Sequence[Contact], *, name: str = "") -> ContactList:
    """A list with these contacts on it."""
    made = ContactList.objects.create(name=name or f"List {next(_numbers)}")
    ListMembership.objects.bulk_create([ListMembership(list=made, contact=contact) for contact in contacts])
    return made


def template(body: str = BODY) -> MessageTemplate:
    """A message template with one version."""
    made = create_template(name=f"Template {next(_numbers)}", by=None)
    save_version(made, contents=[ContentDraft(language="en", format="html", subject="Hello", body=body)], by=None)
    made.refresh_from_db()
    return made


def campaign(contacts: Sequence[Contact] | None = None, **plan: Any) -> Campaign:
    """A draft that is ready to launch to these contacts, or to three."""
    number = next(_numbers)
    brand = make_brand(f"Brand of campaign {number}")
    plan = {"name": f"Campaign {number}", "brand": brand, "sender": make_sender(brand), **plan}
    if "template" not in plan:
        plan["template"] = template()
    if "lists" not in plan:
        plan["lists"] = [listed(make_people(3) if contacts is None else contacts)]
    return services.create(by=None, **plan)


def launched(contacts: Sequence[Contact] | None = None, *, at: datetime = AT, **plan: Any) -> Run:
    """A run that waits to be frozen."""
    return services.launch(campaign(contacts, **plan), by=None, at=at)


def frozen(contacts: Sequence[Contact] | None = None, **plan: Any) -> Run:
    """A run with its whole audience. Needs `committed_db`: the freeze reads on a connection of its own."""
    run = launched(contacts, **plan)
    assert freezing.freeze(run.pk)
    run.refresh_from_db()
    return run


def settle(run: Run, *, at: datetime = AT, **by_state: int) -> None:
    """Let so many ready messages of a run end in these states, as delivery would; all of them sent by default."""
    ready = Message.objects.filter(order__campaign_id=run.campaign_id, state=Message.State.READY).order_by("pk")
    waiting = list(ready)
    wanted = [state for state, n in by_state.items() for _ in range(n)] or ["sent"] * len(waiting)
    for message, state in zip(waiting, wanted, strict=False):
        Message.objects.filter(pk=message.pk).update(state=state, settled_at=at, reason="")
        DeliveryEvent.objects.create(
            at=at, kind=state, message_id=message.pk, contact_id=message.contact_id, campaign_id=run.campaign_id,
            order_id=message.order_id, channel="email",
        )  # fmt: skip


def work(*, at: datetime = AT) -> None:
    """One round of what beat and the workers do for campaigns."""
    found = engine.tick(at=at)
    for run_id in found.freezes:
        freezing.freeze(run_id)
    for run_id in found.closings:
        engine.close(run_id)
    if found.due:
        engine.advance(at=at, seconds=60)
