"""`manage.py test_send`: a template's current version, as a contact would get it, to somebody who works here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from compliance.models import Sender
from config.lib.addresses import normalise_email
from delivery.models import ProviderAccount
from delivery.services.test_sends import send_test
from segments.models import Contact
from templates.models import MessageTemplate


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("template", help="name of the template")
        parser.add_argument("--to", required=True, help="a person with a role, or a contact on a seed list")
        parser.add_argument("--sender", help="From address; without it the only sender there is")
        parser.add_argument("--through", help="name of the provider account, be it active or not; without it the first")
        parser.add_argument("--as", dest="as_contact", help="address of the contact to render it for")

    def handle(
        self, *args: Any, template: str, to: str, sender: str, as_contact: str, through: str, **options: Any
    ) -> None:
        found = MessageTemplate.objects.select_related("current").filter(name=template).first()
        if found is None or found.current is None:
            raise CommandError(f"There is no template named {template!r} with a version.")
        identity = self._sender(sender)
        send_test(
            version=found.current, brand=identity.brand, sender=identity, to=normalise_email(to),
            contact_id=self._contact(as_contact) if as_contact else None, at=timezone.now(),
            account_id=self._account(through) if through else None,
        )  # fmt: skip
        self.stdout.write(f"Sent to {to}.")

    def _sender(self, from_email: str | None) -> Sender:
        senders = Sender.objects.select_related("brand").filter(archived_at=None)
        if from_email:
            senders = senders.filter(from_email=normalise_email(from_email))
        if len(senders) != 1:
            known = ", ".join(Sender.objects.values_list("from_email", flat=True))
            raise CommandError(f"Name the sender with --sender; there are: {known}")
        return senders[0]

    def _account(self, name: str) -> int:
        account = ProviderAccount.objects.filter(name=name).values_list("pk", flat=True).first()
        if account is None:
            raise CommandError(f"There is no provider account named {name!r}.")
        return int(account)

    def _contact(self, email: str) -> int:
        contact = Contact.objects.filter(email=normalise_email(email)).values_list("pk", flat=True).first()
        if contact is None:
            raise CommandError(f"No contact has the address {email}.")
        return int(contact)
