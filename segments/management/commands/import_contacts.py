"""`manage.py import_contacts FILE`: the whole import of a CSV file, here and now."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.lib.errors import DomainError, Invalid
from segments.exporting import csv_lines
from segments.models import ContactList, Import
from segments.selectors.imports import in_order, problem_header, problem_lines
from segments.services.imports import carry_on, prepare, receive, start
from segments.services.lists import create_list


class Command(BaseCommand):
    help = (
        "Import people from a CSV or JSON Lines file: sniff, map, dry run, write. A blank cell never erases anything."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map", action="append", default=[], metavar="COLUMN=TARGET", help="a contact field, attribute:name:type, "
            "or nothing to leave the column out; other columns are mapped by their names",
        )  # fmt: skip
        parser.add_argument("--policy", choices=Import.UpdatePolicy.values, default=Import.UpdatePolicy.OVERWRITE)
        to_list = parser.add_mutually_exclusive_group()
        to_list.add_argument("--list", help="put the people on this list, by its name")
        to_list.add_argument("--new-list", help="put the people on a list of this name that is made for them")
        parser.add_argument("--region", default="", help="country of phone numbers without +")
        parser.add_argument("--encoding", default="", help="when it is guessed wrong")
        parser.add_argument("--delimiter", default="", help="when it is guessed wrong")
        parser.add_argument("--dry-run", action="store_true", help="stop before anything is written")
        parser.add_argument("--errors", type=Path, help="where to write the rows that were not imported, as CSV")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            import_ = self._checked(file, options)
            if not options["dry_run"]:
                import_ = carry_on(start(import_).pk, at=timezone.now())
                self._require(import_, Import.State.COMPLETED)
                self.stdout.write(_figures("imported", import_.results))
            if options["errors"]:
                _write_errors(import_, options["errors"])
        except Invalid as error:
            raise CommandError("\n".join(f"{one.pointer}: {one.detail}" for one in error.errors)) from None
        except DomainError as error:
            raise CommandError(error.detail) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from None

    def _checked(self, file: Path, options: dict[str, Any]) -> Import:
        with file.open("rb") as stream:
            received = receive(
                file=stream, name=file.name, encoding=options["encoding"], delimiter=options["delimiter"]
            )
        self.stdout.write(f"{received.encoding}, delimiter {received.delimiter!r}, {received.size:,} bytes")
        mapping = received.mapping | dict(_pair(text) for text in options["map"])
        for column, target in mapping.items():
            self.stdout.write(f"  {column} -> {target or '(left out)'}")
        prepare(
            received,
            mapping=mapping,
            update_policy=options["policy"],
            default_region=options["region"] or received.default_region,
            to_list=_list(options),
        )
        checked = carry_on(received.pk, at=timezone.now())
        self._require(checked, Import.State.CHECKED)
        self.stdout.write(_figures("checked", checked.counts))
        return checked

    def _require(self, import_: Import, state: str) -> None:
        if import_.state != state:
            raise CommandError(import_.error or f"The import is {import_.state}: another worker has it.")


def _pair(text: str) -> tuple[str, str]:
    column, equals, target = text.rpartition("=")
    if not equals:
        raise CommandError(f"--map {text!r}: write COLUMN=TARGET")
    return column, target


def _list(options: dict[str, Any]) -> ContactList | None:
    if options["new_list"]:
        return create_list(name=options["new_list"])
    if not options["list"]:
        return None
    found = ContactList.objects.filter(name=options["list"], archived_at=None).first()
    if found is None:
        raise CommandError(f"There is no list named {options['list']}; --new-list makes one.")
    return found


def _figures(verb: str, counts: dict[str, int]) -> str:
    return f"{verb}: " + ", ".join(f"{number:,} {name}" for name, number in in_order(counts).items())


def _write_errors(import_: Import, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(problem_header(import_), problem_lines(import_)))
