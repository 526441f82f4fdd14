"""`manage.py segment create|size|show|versions`: segments for operators."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.lib import public_ids
from config.lib.errors import DomainError, NotFound
from segments.explaining import explain
from segments.models import Segment, SegmentVersion
from segments.selectors.segments import size_and_sample
from segments.services.segments import create_segment


class Command(BaseCommand):
    help = "Make a segment, count one, or show what it means and how it came to be."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        rule = "the rule as JSON, @FILE, or - for standard input"
        create = verbs.add_parser("create", help="make a segment")
        create.add_argument("name")
        create.add_argument("--criteria", required=True, help=rule)
        create.add_argument("--description", default="")
        size = verbs.add_parser(
            "size", help="count a segment, or a rule that is not saved, and show some of its people"
        )
        size.add_argument("segment", nargs="?", help="its name or public id")
        size.add_argument("--criteria", help=rule)
        size.add_argument("--sample", type=int, default=5, help="how many people to show (5)")
        for verb, text in (("show", "its rule, in words and as JSON"), ("versions", "its history")):
            verbs.add_parser(verb, help=text).add_argument("segment", help="its name or public id")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, verb)(options)
        except DomainError as error:
            raise CommandError(error.detail) from None

    def create(self, options: dict[str, Any]) -> None:
        criteria = _criteria(options["criteria"])
        segment = create_segment(name=options["name"], criteria=criteria, description=options["description"])
        self.stdout.write(public_ids.encode("segment", segment.pk))

    def size(self, options: dict[str, Any]) -> None:
        if bool(options["segment"]) == bool(options["criteria"]):
            raise CommandError("name a segment or give --criteria, one of the two")
        criteria = _criteria(options["criteria"]) if options["criteria"] else _current(options["segment"]).criteria
        preview = size_and_sample(criteria, sample=options["sample"])
        self.stdout.write(explain(criteria))
        self.stdout.write(f"size: {preview.size}")
        for contact in preview.sample:
            self.stdout.write(f"  {public_ids.encode('contact', contact.pk)}  {contact}")
        self.stdout.write(f"ms: {preview.milliseconds}")

    def show(self, options: dict[str, Any]) -> None:
        version = _current(options["segment"])
        segment = version.segment
        self.stdout.write(f"{public_ids.encode('segment', segment.pk)}  {segment.name} ({version})")
        self.stdout.write(explain(version.criteria))
        self.stdout.write(json.dumps(version.criteria, indent=2, ensure_ascii=False))

    def versions(self, options: dict[str, Any]) -> None:
        current = _current(options["segment"])
        for version in current.segment.versions.order_by("-number"):
            mark = "*" if version.pk == current.pk else " "
            rule = json.dumps(version.criteria, ensure_ascii=False)
            self.stdout.write(f"{mark} {version.number}  {version.created_at:%Y-%m-%d %H:%M}  {rule}")


def _criteria(given: str) -> Any:
    try:
        text = sys.stdin.read() if given == "-" else Path(given[1:]).read_text() if given.startswith("@") else given
        return json.loads(text)
    except OSError as error:
        raise CommandError(f"the file of the rule cannot be read: {error}") from None
    except ValueError as error:
        raise CommandError(f"the rule is not JSON: {error}") from None


def _current(named: str) -> SegmentVersion:
    segments = Segment.objects.select_related("current__segment")
    segment = segments.filter(name=named).first()
    if segment is None:
        try:
            segment = segments.filter(pk=public_ids.decode("segment", named)).first()
        except NotFound:
            segment = None
    if segment is None or segment.current is None:
        raise NotFound(f"there is no segment with the name or id {named!r}")
    return segment.current
