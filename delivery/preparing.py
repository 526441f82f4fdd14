"""From claimed rows to bytes: load what a batch needs in one query a kind, then render and assemble each message.

What goes wrong with one person's message settles that message alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Self

import structlog
from django.conf import settings

from compliance.gate import Candidate
from compliance.models import Brand, Scope, Sender
from compliance.tokens import UnsubscribeToken
from config.lib import public_ids, tokens
from config.lib.addresses import AddressHash, address_hashes
from config.lib.errors import NotFound
from delivery.ledger import Claimed, Settlement
from delivery.mime import Letterhead
from delivery.models import DeliveryEvent, Message, Purpose, SendOrder
from delivery.providers.base import Envelope, Shape
from delivery.retrying import unreachable_until
from delivery.throttle import Demand
from delivery.tracking.links import Tracker, UrlFor, campaign_name, tags_of
from segments.models import ContactList
from segments.selectors.contacts import Recipient, merge_contexts
from templates.errors import MissingMergeTag
from templates.rendering import CompiledVersion, Links, Rendered, load
from templates.selectors import image_path

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready for the wire, and what the gate has to know of it."""

    claimed: Claimed
    candidate: Candidate
    envelope: Envelope

    def shaped(self, shape: Shape | None) -> Self:
        """The same, to be handed over as its mailbox provider wants it."""
        return replace(self, envelope=replace(self.envelope, shape=shape)) if shape else self


class OrderDesk:
    """What all messages of one order share, worked out once a batch."""

    def __init__(self, order: SendOrder, *, subject_prefix: str = "") -> None:
        self.order = order
        self.subject_prefix = subject_prefix
        self.marketing = order.purpose == Purpose.MARKETING
        self.domain = return_domain(order.brand, order.sender)
        self.sending_domain = order.sender.from_email.rpartition("@")[2].lower()
        self.base_url = links_base(order.brand)
        self.template: CompiledVersion = load(
            order.template_version_id, images_at=order.brand.public_base_url.rstrip("/")
        )
        self.brand = brand_fields(order.brand)
        self.scope, self.scope_id = unsubscribe_scope(order.brand, order.list)
        self.list_ids = frozenset(order.audience_lists) | ({order.list_id} if order.list_id else set())
        self.tracker = tracker(order)
        campaign = public_ids.encode("campaign", order.campaign_id)
        # read from the right by Gmail: the sender, which is stable, then the lane and the campaign; no person (A9.5)
        feedback_id = f"{campaign}:{order.lane}:{public_ids.encode('brand', order.brand_id)}"
        self.letterhead = letterhead(
            order.brand, order.sender, order.list, marketing=self.marketing, feedback_id=feedback_id
        )

    def envelope(self, message_id: int, recipient: Recipient, address: AddressHash, *, at: datetime) -> Envelope:
        """The whole mail for one person, who has an address. Raises what rendering and assembling raise."""
        letter = Letter(self, message_id, recipient, address)
        for step in Letter.STEPS:
            step(letter, at)
        return letter.envelope

    def page(self, message_id: int, recipient: Recipient, address: AddressHash) -> Rendered:
        """The same message to be read in a browser. Raises what rendering raises."""
        return self.render(
            recipient, self.links(message_id, public_ids.encode("message", message_id), recipient, address)
        )

    def render(self, recipient: Recipient, links: Links) -> Rendered:
        return self.template.render(fields=recipient.fields, language=recipient.language, brand=self.brand, links=links)

    def is_tracked(self, recipient: Recipient) -> bool:
        """Whether this person's openings and clicks are counted."""
        return self.order.brand.tracking and recipient.tracking

    def links(self, message_id: int, public_id: str, recipient: Recipient, address: AddressHash) -> Links:
        """Where the links of one person's message lead."""
        slots: Sequence[str] = ()
        url_for: UrlFor | None = self.tracker.plain if self.tracker.tags else None
        if self.is_tracked(recipient):
            content = self.template.content_for(recipient.language)
            url_for = self.tracker.url_for(message_id, public_id, content.language)
            slots = self.tracker.slots(public_id, content)
        unsubscribe = self._unsubscribe_url(message_id, recipient.contact_id, address)
        return Links(unsubscribe, url_for, self.tracker.view_url(public_id), slots)

    def candidate(self, claimed: Claimed, addresses: Sequence[AddressHash]) -> Candidate:
        order = self.order
        return Candidate(
            claimed.id, claimed.contact_id, order.pk, order.channel, order.purpose, order.brand_id, self.list_ids,
            addresses,
        )  # fmt: skip

    def _unsubscribe_url(self, message_id: int, contact_id: int, address: AddressHash) -> str:
        token = UnsubscribeToken(
            message_id, contact_id, self.order.campaign_id, self.order.brand_id, self.scope, self.scope_id, address
        )
        return f"{self.base_url}/u/{token.seal()}"


class Letter:
    """One person's mail on its way to bytes. Each step raises what rendering and assembling raise."""

    __slots__ = ("address", "desk", "envelope", "links", "message_id", "public_id", "recipient", "rendered")

    envelope: Envelope

    def __init__(self, desk: OrderDesk, message_id: int, recipient: Recipient, address: AddressHash) -> None:
        self.desk, self.message_id, self.recipient, self.address = desk, message_id, recipient, address

    def link(self, at: datetime) -> None:
        self.public_id = public_ids.encode("message", self.message_id)
        self.links = self.desk.links(self.message_id, self.public_id, self.recipient, self.address)

    def render(self, at: datetime) -> None:
        desk, recipient = self.desk, self.recipient
        self.rendered = desk.template.render_pieces(
            fields=recipient.fields, language=recipient.language, brand=desk.brand, links=self.links
        )

    def write(self, at: datetime) -> None:
        desk, recipient, rendered = self.desk, self.recipient, self.rendered
        assert recipient.email
        tracked = desk.is_tracked(recipient) and rendered.html
        data = desk.letterhead.assemble(
            to_name=display_name(recipient),
            to_email=recipient.email,
            subject=desk.subject_prefix + rendered.subject,
            html=desk.tracker.with_pixel(rendered.html, self.public_id) if tracked else rendered.html,
            text=rendered.text,
            message_id=f"{self.public_id}@{desk.domain}",
            date=at,
            unsubscribe_url=self.links.unsubscribe if desk.marketing else "",
        )
        sender = return_path(self.message_id, desk.domain)
        self.envelope = Envelope(self.message_id, sender, recipient.email, data, dotless=True)

    STEPS: ClassVar = (link, render, write)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A claimed message with what it is made from: nothing is rendered before it may go."""

    claimed: Claimed
    desk: OrderDesk
    recipient: Recipient

    def demand(self) -> Demand:
        """What the throttles ask about it."""
        order = self.desk.order
        return Demand(
            self.claimed.id, order.pk, order.lane, order.rate_per_minute, self.desk.sending_domain,
            (self.recipient.email or "").rpartition("@")[2],
        )  # fmt: skip


def load_batch(claimed: Sequence[Claimed], *, at: datetime) -> Iterator[Loaded | Settlement]:
    """What the batch needs, in one query a kind; a Settlement says why there is nothing to send."""
    orders = SendOrder.objects.select_related("brand", "sender", "list").in_bulk({c.order_id for c in claimed})
    desks = {pk: _desk(order) for pk, order in orders.items()}
    recipients = merge_contexts([c.contact_id for c in claimed])
    for one in claimed:
        desk, recipient = desks[one.order_id], recipients.get(one.contact_id)
        if desk is None:
            yield _put_back(one, at)
        elif recipient is None or not recipient.email:
            yield _skipped(one, "no_address" if recipient else "contact_gone")
        else:
            yield Loaded(one, desk, recipient)


def prepare(loaded: Sequence[Loaded], *, at: datetime) -> Iterator[Prepared | Settlement]:
    """Each message as Prepared, or, when it cannot be made, as the Settlement that says why.

    One step for all of them, then the next: what a step runs through stays in the processor's caches, which makes
    107 us a message of 150.
    """
    letters = []
    for one in loaded:
        assert one.recipient.email
        addresses = address_hashes(one.recipient.email)
        letters.append((one, addresses, Letter(one.desk, one.claimed.id, one.recipient, addresses[0])))
    failed: dict[int, Settlement] = {}
    for step in Letter.STEPS:
        for one, _, letter in letters:
            if one.claimed.id not in failed:
                try:
                    step(letter, at)
                except Exception as error:  # one person's data must not stop the others (B11.3)
                    failed[one.claimed.id] = _failed(one.claimed, error)
    for one, addresses, letter in letters:
        yield failed.get(one.claimed.id) or Prepared(
            one.claimed, one.desk.candidate(one.claimed, addresses), letter.envelope
        )


def web_page(message_id: int) -> tuple[str, str]:
    """The HTML and the text of a message that was planned, as it is rendered today.

    Raises NotFound when there is no such message or its person is gone, and what rendering raises.
    """
    message = (
        Message.objects.select_related("order__brand", "order__sender", "order__list").filter(pk=message_id).first()
    )
    recipient = merge_contexts([message.contact_id]).get(message.contact_id) if message else None
    if message is None or recipient is None or not recipient.email:
        raise NotFound
    rendered = OrderDesk(message.order).page(message_id, recipient, address_hashes(recipient.email)[0])
    return rendered.html, rendered.text


def tracker(order: SendOrder) -> Tracker:
    """What writes the tracked links of an order's mails, with the tags of its brand."""
    name = campaign_name(order.campaign_id, order.label)
    tags = tags_of(order.brand.utm, campaign=name, brand=order.brand.name)
    return Tracker(base_url=links_base(order.brand), version_id=order.template_version_id, tags=tags)


def _desk(order: SendOrder) -> OrderDesk | None:
    """None when nothing can be written under this order: its messages wait, and the others of the lane go on."""
    try:
        return OrderDesk(order)
    except Exception as error:  # whatever is wrong with one campaign's sender or template concerns it alone
        log.exception("order_unusable", order_id=order.pk, campaign_id=order.campaign_id, error=type(error).__name__)
        return None


def _put_back(claimed: Claimed, at: datetime) -> Settlement:
    due_at = unreachable_until(message_id=claimed.id, at=at)
    return Settlement(claimed.id, claimed.attempt, Message.State.READY, reason="order_unusable", due_at=due_at)


def _failed(claimed: Claimed, error: Exception) -> Settlement:
    if isinstance(error, MissingMergeTag):
        return _skipped(claimed, "missing_merge_tag", error.detail)
    log.warning("render_error", message_id=claimed.id, order_id=claimed.order_id, error=type(error).__name__)
    return Settlement(
        claimed.id, claimed.attempt, Message.State.FAILED, DeliveryEvent.Kind.FAILED, "render_error",
        f"{type(error).__name__}: {error}",
    )  # fmt: skip


def _skipped(claimed: Claimed, reason: str, detail: str = "") -> Settlement:
    return Settlement(claimed.id, claimed.attempt, Message.State.SKIPPED, DeliveryEvent.Kind.SKIPPED, reason, detail)


def letterhead(
    brand: Brand, sender: Sender, to_list: ContactList | None, *, marketing: bool, feedback_id: str = ""
) -> Letterhead:
    """The headers of a sender's mails. Raises what mime raises when they cannot be written."""
    scope, scope_id = unsubscribe_scope(brand, to_list)
    return Letterhead(
        from_name=sender.from_name,
        from_email=sender.from_email,
        reply_to=sender.reply_to,
        list_name=(to_list or brand).name if marketing else "",
        list_id=f"{public_ids.encode(scope, scope_id)}.{return_domain(brand, sender)}" if marketing else "",
        feedback_id=feedback_id,
        bulk=marketing,
    )


def unsubscribe_scope(brand: Brand, to_list: ContactList | None) -> tuple[Scope, int]:
    """What the link in a message leaves: the list the campaign names, else the brand (DESIGN 4)."""
    return (Scope.LIST, to_list.pk) if to_list else (Scope.BRAND, brand.pk)


def return_domain(brand: Brand, sender: Sender) -> str:
    """The domain of return paths and message ids."""
    return brand.return_path_domain or sender.from_email.rpartition("@")[2]


def links_base(brand: Brand) -> str:
    """Where the links in a brand's mails point, without a slash at the end."""
    return (brand.public_base_url or settings.BASE_URL).rstrip("/")


def brand_fields(brand: Brand) -> dict[str, str]:
    """What a template may show of the brand; its logo by its own address, blank for none."""
    logo = f"{links_base(brand)}{image_path(brand.logo)}" if brand.logo else ""
    return {"name": brand.name, "legal_name": brand.legal_name, "postal_address": brand.postal_address, "logo": logo}


def display_name(recipient: Recipient) -> str:
    """The person's name for the To field; blank when we know none."""
    names = (recipient.fields.get("first_name"), recipient.fields.get("last_name"))
    return " ".join(str(name) for name in names if name)


def return_path(message_id: int, domain: str) -> str:
    """The envelope sender of one message (VERP): sealed, so that a forged bounce changes nothing (A7.5-6).

    Hexadecimal, since some servers lower-case the local part; 52 of its 64 letters.
    """
    return f"b-{tokens.seal_bytes('return-path', message_id.to_bytes(8, 'big')).hex()}@{domain}"
