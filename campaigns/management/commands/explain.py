"""`manage.py explain --contact a@b --campaign ID`: why did this person (not) get this?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns import selectors
from campaigns.models import Campaign
from config.lib.addresses import normalise_email
from segments.models import Contact


class Command(BaseCommand):
    help = "Say why a contact did or did not get a campaign, and what happened when."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--contact", required=True, help="mail address, external id or number")
        parser.add_argument("--campaign", required=True, type=int, help="number of the campaign")

    def handle(self, *args: Any, contact: str, campaign: int, **options: Any) -> None:
        found = Campaign.objects.filter(pk=campaign).first()
        if found is None:
            raise CommandError(f"There is no campaign {campaign}.")
        explanation = selectors.explain(_contact(contact), found)
        self.stdout.write(explanation.answer)
        for happening in explanation.happenings:
            self.stdout.write(f"  {happening.at:%Y-%m-%d %H:%M:%S} UTC  {happening.text}")


def _contact(text: str) -> Contact:
    if "@" in text:
        found = Contact.objects.filter(email=normalise_email(text)).first()
    else:
        found = Contact.objects.filter(external_id=text).first()
        if found is None and text.isdecimal():
            found = Contact.objects.filter(pk=int(text)).first()
    if found is None:
        raise CommandError(f"There is no contact {text!r}.")
    return found
