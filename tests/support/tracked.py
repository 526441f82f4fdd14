"""Mails with tracked links, as they are sent, and requests as readers make them."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from html import unescape
from urllib.parse import urlsplit

from django.test import Client
from django.utils import timezone

from config.lib.addresses import address_hash
from delivery.models import Message, SendOrder
from delivery.preparing import OrderDesk
from delivery.tracking.reading import tracked
from segments.models import Contact
from segments.selectors.contacts import merge_contexts
from templates.drafts import ContentDraft
from templates.models import TemplateVersion
from templates.services import create_template, save_version
from tests.factories.delivery import make_order, make_people, plan

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
UNSUBSCRIBE = "<p>{{ brand.postal_address }} <a href='{{ links.unsubscribe }}'>Unsubscribe</a></p>"
BODY = (
    f"<p><a href='https://shop.example/a?x=1&amp;y=2#top'>A</a> <a href='https://shop.example/b'>B</a></p>{UNSUBSCRIBE}"
)


@dataclass(frozen=True)
class Mail:
    """One mail: its row, and its parts."""

    message: Message
    order: SendOrder
    contact: Contact
    html: str
    text: str

    @property
    def paths(self) -> list[str]:
        """The paths of its tracked links, in order, without the bait."""
        return [urlsplit(url).path for url in tracked(self.html).links]

    @property
    def bait(self) -> str:
        return str(urlsplit(tracked(self.html).bait).path)

    @property
    def pixel(self) -> str:
        return str(urlsplit(tracked(self.html).pixel).path)


def hrefs(html: str) -> list[str]:
    return [unescape(url) for url in re.findall(r"href=[\"']([^\"']*)[\"']", html)]


def version(body: str = BODY) -> TemplateVersion:
    template = create_template(name=f"Tracked {timezone.now().isoformat()}", by=None)
    return save_version(
        template, contents=[ContentDraft(language="en", format="html", subject="News", body=body)], by=None
    )


def mail(body: str = BODY, *, contact: Contact | None = None, order: SendOrder | None = None) -> Mail:
    """A mail of this body to this contact, or to somebody."""
    order = order or make_order(version=version(body))
    contact = contact or make_people(1)[0]
    (message,) = [row for row in plan(order, [contact]) if row.contact_id == contact.pk]
    assert contact.email
    parts = _parts(order, message, contact)
    return Mail(message, order, contact, *parts)


def _parts(order: SendOrder, message: Message, contact: Contact) -> tuple[str, str]:
    recipient = merge_contexts([contact.pk])[contact.pk]
    assert contact.email
    desk = OrderDesk(SendOrder.objects.select_related("brand", "sender", "list").get(pk=order.pk))
    envelope = desk.envelope(message.pk, recipient, address_hash(contact.email), at=timezone.now())
    parsed = message_from_bytes(envelope.data, policy=policy.default)
    html, text = parsed.get_body(("html",)), parsed.get_body(("plain",))
    assert html is not None
    assert text is not None
    return html.get_content(), text.get_content()


def reader(agent: str = BROWSER, address: str = "203.0.113.7") -> Client:
    """A browser of its own somewhere."""
    return Client(enforce_csrf_checks=True, headers={"user-agent": agent}, REMOTE_ADDR=address)
