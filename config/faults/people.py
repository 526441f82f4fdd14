"""Whom the campaign of a fault goes to, and what it says."""

from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from campaigns import services
from campaigns.models import Campaign
from compliance.models import Brand, Sender
from config.faults.poison_app import MARK
from config.lib.addresses import address_hash
from delivery.models import Message, Purpose
from segments.models import Contact, ContactList
from segments.services.lists import add_to_list, create_list
from templates.drafts import ContentDraft
from templates.models import MessageTemplate
from templates.services import create_template, save_version

DOMAIN = "people.example"
Messages = QuerySet[Message]
_BODY = (
    "<html><body><p>Hello {{ first_name | default: 'there' }}</p>"
    "<p><a href='https://shop.example.com/range'>The autumn range</a></p>"
    "<p>{{ brand.postal_address }} <a href='{{ links.unsubscribe }}'>Unsubscribe</a></p></body></html>"
)


def campaign(count: int, purpose: Purpose, *, poisoned: int = 0, budget: Decimal | None = None) -> Campaign:
    """A draft that is ready to launch to so many new people. Transactional ones rather come twice than never.

    `poisoned`: so many of them, somewhere in the first half, are marked for poison_app.py.
    """
    number = Campaign.objects.count()
    sender = _sender(number)
    made = services.create(
        by=None, name=f"Fault {number}", brand=sender.brand, sender=sender, template=_template(number),
        lists=[_people(count, number, poisoned)], purpose=purpose, budget=budget,
    )  # fmt: skip
    Campaign.objects.filter(pk=made.pk).update(resend_unknown=purpose == Purpose.TRANSACTIONAL)
    return made


def _sender(number: int) -> Sender:
    address = {"legal_name": "Fault Ltd", "postal_address": "1 Main St, Springfield"}
    brand = Brand.objects.create(name=f"Fault {number}", **address)
    return Sender.objects.create(brand=brand, from_name="Fault", from_email="news@fault.example")


def _template(number: int) -> MessageTemplate:
    template = create_template(name=f"Fault {number}", by=None)
    draft = ContentDraft(language="en", format="html", subject="{{ first_name }}, the autumn range", body=_BODY)
    save_version(template, contents=[draft], by=None)
    template.refresh_from_db()
    return template


def _people(count: int, number: int, poisoned: int) -> ContactList:
    marked = {count * place // (2 * poisoned + 2) for place in range(1, poisoned + 1)}
    columns = "email, email_key, first_name"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY segments_contact ({columns}) FROM STDIN") as copy,
    ):
        for place in range(count):
            email = f"{MARK if place in marked else 'p'}{place}.{number}@{DOMAIN}"
            copy.write_row((email, address_hash(email).key, f"Zoë{place}"))
    made = create_list(name=f"Fault {number}")
    contacts = Contact.objects.filter(email__endswith=f".{number}@{DOMAIN}")
    add_to_list(made, contacts.values_list("pk", flat=True))
    return made
