"""`manage.py export_contacts`: people of a segment or a list, or everybody, to a file."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from config.lib import public_ids
from config.lib.errors import DomainError, NotFound
from segments.exporting import FORMATS, export
from segments.models import Contact, ContactList, Segment
from segments.selectors import audience


class Command(BaseCommand):
    help = "Export people to CSV, XLSX, JSON or JSON Lines. Suppressed addresses are marked, or left out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--segment", help="its name or public id")
        parser.add_argument("--list", dest="list_name", help="its name or public id")
        parser.add_argument("--format", choices=list(FORMATS), default="csv")
        parser.add_argument("--exclude-suppressed", action="store_true")
        parser.add_argument("--output", type=Path, help="a file; standard output without it")

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        try:
            people = _people(options["segment"], options["list_name"]).order_by("pk")
            with output.open("wb") if output else nullcontext(sys.stdout.buffer) as out:
                written = export(
                    people, out, format=options["format"], exclude_suppressed=options["exclude_suppressed"]
                )
        except DomainError as error:
            raise CommandError(error.detail) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from None
        self.stderr.write(f"{written:,} people")


def _people(segment: str | None, list_name: str | None) -> QuerySet[Contact]:
    if segment and list_name:
        raise CommandError("name a segment or a list, not both")
    if segment:
        return audience(segments=[_named(Segment, "segment", segment)], lists=[])
    if list_name:
        return audience(segments=[], lists=[_named(ContactList, "list", list_name)])
    return Contact.objects.all()


def _named(model: type[Segment] | type[ContactList], kind: str, text: str) -> int:
    """The row id of what has this name or public id. Raises NotFound."""
    found = model.objects.filter(name=text).first()
    if found:
        return found.pk
    try:
        return model.objects.get(pk=public_ids.decode(kind, text)).pk
    except (NotFound, model.DoesNotExist):
        raise NotFound(f"there is no {kind} named {text}") from None
