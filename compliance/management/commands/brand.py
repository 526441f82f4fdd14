"""`manage.py brand NAME …`: create or complete a brand with its first sender."""

from email.utils import parseaddr
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from compliance.models import Brand, Sender
from compliance.selectors import brand_problems

_FIELDS = {
    "legal_name": "in the footer of each mail",
    "postal_address": "in the footer of each mail: the law asks for it",
    "public_base_url": "where links in its mails point, when not to this server's BASE_URL",
    "return_path_domain": "the domain that takes its bounces, when not the sender's",
    "contact_url": "where readers reach the sender",
}


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        for field, says in _FIELDS.items():
            parser.add_argument(f"--{field.replace('_', '-')}", help=says)
        parser.add_argument("--from", dest="from_field", help='a sender to add: "Acme News <news@acme.example>"')
        parser.add_argument("--reply-to", default="", help="its Reply-To address")

    @transaction.atomic
    def handle(self, *args: Any, name: str, from_field: str | None, reply_to: str, **options: Any) -> None:
        brand, _ = Brand.objects.get_or_create(name=name)
        for field in _FIELDS:
            if options[field] is not None:
                setattr(brand, field, options[field])
        brand.full_clean()
        brand.save()
        sender = brand.senders.first()
        if from_field:
            sender = self._add_sender(brand, from_field, reply_to)
        self.stdout.write(f"Brand {brand.pk}: {brand}")
        for problem in brand_problems(brand, sender):
            self.stdout.write(f"  still missing: {problem.detail}")

    def _add_sender(self, brand: Brand, from_field: str, reply_to: str) -> Sender:
        from_name, address = parseaddr(from_field)
        if not from_name or not address:
            raise CommandError('--from is written as "Acme News <news@acme.example>"')
        sender = Sender(brand=brand, from_name=from_name, from_email=address, reply_to=reply_to)
        sender.clean()
        known = brand.senders.filter(from_email=sender.from_email, from_name=from_name).first()
        if known:
            known.reply_to = sender.reply_to
            sender = known
        sender.save()
        return sender
