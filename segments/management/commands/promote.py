"""`manage.py promote ATTRIBUTE …`: give attributes indexes of their own, and show which have one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from segments.models import Attribute, Promotion
from segments.services import promotions


class Command(BaseCommand):
    help = "Give attributes indexes of their own, beside everybody's work; without a name: show them"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="attribute")
        parser.add_argument("--take-back", action="store_true", help="drop their indexes")

    def handle(self, *args: Any, names: list[str], take_back: bool, **options: Any) -> None:
        found = {one.name: one for one in Attribute.objects.filter(name__in=names)}
        if missing := set(names) - found.keys():
            raise CommandError(f"There is no attribute {', '.join(sorted(missing))}.")
        for attribute in found.values():
            if take_back:
                promotions.take_back(attribute)
            else:
                promotions.promote(attribute)
        if found:
            promotions.carry_on(at=timezone.now())
        for row in Promotion.objects.select_related("attribute").order_by("attribute__name"):
            self.stdout.write(f"{row.attribute.name}  {row.state}  {row.error}".rstrip())
