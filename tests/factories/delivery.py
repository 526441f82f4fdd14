"""Orders and messages for tests of the ledger, as campaigns would give them."""

import itertools
from collections.abc import Sequence

from django.utils import timezone

from compliance.models import Brand
from config.lib.addresses import address_hash
from delivery.models import Lane, Message, Purpose, SendOrder
from delivery.services.orders import open_order, plan_messages
from segments.models import Contact
from templates.models import MessageTemplate, TemplateContent, TemplateVersion
from tests.factories.compliance import make_brand, make_sender

_numbers = itertools.count(1)


def make_contacts(*emails: str | None) -> list[Contact]:
    return Contact.objects.bulk_create(
        Contact(email=email, email_key=address_hash(email).key if email else None) for email in emails
    )


def make_people(count: int, domain: str = "example.com") -> list[Contact]:
    number = next(_numbers)
    return make_contacts(*(f"p{number}.{i}@{domain}" for i in range(count)))


def make_version(
    html: str = "<p>Hi {{ first_name | default: 'there' }}</p>",
    *,
    subject: str = "News",
    missing_policy: str = "fallback",
) -> TemplateVersion:
    """A version as compiling leaves it, without links."""
    template = MessageTemplate.objects.create(name=f"Template {next(_numbers)}")
    version = TemplateVersion.objects.create(template=template, number=1, missing_policy=missing_policy)
    TemplateContent.objects.create(
        version=version, language="en", format="html", subject=subject, body=html, compiled_html=html,
        compiled_text="Hi",
    )  # fmt: skip
    return version


def make_order(
    *, brand: Brand | None = None, campaign_id: int | None = None, lane: Lane = Lane.BULK,
    purpose: Purpose = Purpose.MARKETING, version: TemplateVersion | None = None, **fields: object,
) -> SendOrder:  # fmt: skip
    number = next(_numbers)
    brand = brand or make_brand(f"Brand {number}")
    version = version or make_version()
    return open_order(
        campaign_id=campaign_id or number, step_id=number, run=1, lane=lane, purpose=purpose, brand_id=brand.pk,
        sender_id=make_sender(brand).pk, template_version_id=version.pk, **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def plan(order: SendOrder, contacts: Sequence[Contact]) -> list[Message]:
    plan_messages(order, [contact.pk for contact in contacts], due_at=timezone.now())
    return list(Message.objects.filter(order=order).order_by("pk"))
