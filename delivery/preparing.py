"""From claimed rows to bytes: load what a batch needs in one query a kind, then render and assemble each message.

What goes wrong with one person's message settles that message alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from compliance.gate import Candidate
from compliance.models import Scope
from compliance.tokens import UnsubscribeToken
from config.lib import public_ids, tokens
from config.lib.addresses import AddressHash, address_hashes
from delivery.ledger import Claimed, Settlement
from delivery.mime import Letterhead
from delivery.models import DeliveryEvent, Message, Purpose, SendOrder
from delivery.providers.base import Envelope
from segments.selectors.contacts import Recipient, merge_contexts
from templates.errors import MissingMergeTag
from templates.rendering import CompiledVersion, Links, load

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready for the wire, and what the gate has to know of it."""

    claimed: Claimed
    candidate: Candidate
    envelope: Envelope


class OrderDesk:
    """What all messages of one order share, worked out once a batch."""

    def __init__(self, order: SendOrder, *, subject_prefix: str = "") -> None:
        self.order = order
        self.subject_prefix = subject_prefix
        brand, sender = order.brand, order.sender
        self.marketing = order.purpose == Purpose.MARKETING
        self.domain = brand.return_path_domain or sender.from_email.rpartition("@")[2]
        self.base_url = (brand.public_base_url or settings.BASE_URL).rstrip("/")
        self.template: CompiledVersion = load(order.template_version_id)
        self.brand = brand_fields(brand)
        if order.list_id:
            self.scope, self.scope_id = Scope.LIST, order.list_id
        else:
            self.scope, self.scope_id = Scope.BRAND, brand.pk
        self.letterhead = Letterhead(
            from_name=sender.from_name,
            from_email=sender.from_email,
            reply_to=sender.reply_to,
            list_name=(order.list.name if order.list else brand.name) if self.marketing else "",
            list_id=f"{public_ids.encode(self.scope, self.scope_id)}.{self.domain}" if self.marketing else "",
            feedback_id=self._feedback_id(),
            bulk=self.marketing,
        )

    def _feedback_id(self) -> str:
        """campaign:lane:sender, read from the right by Gmail; the last is stable, none is a person's (A9.5)."""
        campaign = public_ids.encode("campaign", self.order.campaign_id)
        return f"{campaign}:{self.order.lane}:{public_ids.encode('brand', self.order.brand_id)}"

    def envelope(self, message_id: int, recipient: Recipient, address: AddressHash, *, at: datetime) -> Envelope:
        """The whole mail for one person, who has an address. Raises what rendering and assembling raise."""
        public_id = public_ids.encode("message", message_id)
        assert recipient.email
        url = self._unsubscribe_url(message_id, recipient.contact_id, address)
        rendered = self.template.render(
            fields=recipient.fields, language=recipient.language, brand=self.brand, links=Links(unsubscribe=url)
        )
        data = self.letterhead.assemble(
            to_name=display_name(recipient),
            to_email=recipient.email,
            subject=self.subject_prefix + rendered.subject,
            html=rendered.html,
            text=rendered.text,
            message_id=f"{public_id}@{self.domain}",
            date=at,
            unsubscribe_url=url if self.marketing else "",
        )
        return Envelope(message_id, return_path(message_id, self.domain), recipient.email, data)

    def candidate(self, claimed: Claimed, addresses: Sequence[AddressHash]) -> Candidate:
        order = self.order
        return Candidate(
            claimed.id, claimed.contact_id, order.pk, order.channel, order.purpose, order.brand_id, order.list_id,
            addresses,
        )  # fmt: skip

    def _unsubscribe_url(self, message_id: int, contact_id: int, address: AddressHash) -> str:
        token = UnsubscribeToken(
            message_id, contact_id, self.order.campaign_id, self.order.brand_id, self.scope, self.scope_id, address
        )
        return f"{self.base_url}/u/{token.seal()}"


def prepare(claimed: Sequence[Claimed], *, at: datetime) -> Iterator[Prepared | Settlement]:
    """Each claimed message as Prepared, or, when there is nothing to send, as the Settlement that says why."""
    orders = SendOrder.objects.select_related("brand", "sender", "list").in_bulk({c.order_id for c in claimed})
    desks = {pk: OrderDesk(order) for pk, order in orders.items()}
    recipients = merge_contexts([c.contact_id for c in claimed])
    for one in claimed:
        yield _prepare_one(one, desks[one.order_id], recipients.get(one.contact_id), at)


def _prepare_one(claimed: Claimed, desk: OrderDesk, recipient: Recipient | None, at: datetime) -> Prepared | Settlement:
    if recipient is None or not recipient.email:
        return _skipped(claimed, "no_address" if recipient else "contact_gone")
    addresses = address_hashes(recipient.email)
    try:
        envelope = desk.envelope(claimed.id, recipient, addresses[0], at=at)
    except MissingMergeTag as error:
        return _skipped(claimed, "missing_merge_tag", error.detail)
    except Exception as error:  # whatever one person's data does to a template must not stop the others (B11.3)
        log.warning("render_error", message_id=claimed.id, order_id=claimed.order_id, error=type(error).__name__)
        return Settlement(
            claimed.id, claimed.attempt, Message.State.FAILED, DeliveryEvent.Kind.FAILED, "render_error",
            f"{type(error).__name__}: {error}",
        )  # fmt: skip
    return Prepared(claimed, desk.candidate(claimed, addresses), envelope)


def _skipped(claimed: Claimed, reason: str, detail: str = "") -> Settlement:
    return Settlement(claimed.id, claimed.attempt, Message.State.SKIPPED, DeliveryEvent.Kind.SKIPPED, reason, detail)


def brand_fields(brand: Any) -> dict[str, str]:
    """What a template may show of the brand."""
    return {"name": brand.name, "legal_name": brand.legal_name, "postal_address": brand.postal_address}


def display_name(recipient: Recipient) -> str:
    """The person's name for the To field; blank when we know none."""
    names = (recipient.fields.get("first_name"), recipient.fields.get("last_name"))
    return " ".join(str(name) for name in names if name)


def return_path(message_id: int, domain: str) -> str:
    """The envelope sender of one message (VERP): sealed, so that a forged bounce changes nothing (A7.5-6).

    Hexadecimal, since some servers lower-case the local part; 52 of its 64 letters.
    """
    return f"b-{tokens.seal_bytes('return-path', message_id.to_bytes(8, 'big')).hex()}@{domain}"
