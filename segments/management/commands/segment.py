"""`manage.py segment create|size|show|versions|members|changes|refresh|freeze|was-in`: segments for operators."""

import json
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from config.lib import public_ids
from config.lib.errors import DomainError, NotFound
from segments.explaining import explain
from segments.models import Segment, SegmentVersion
from segments.selectors.contacts import find_contacts
from segments.selectors.identity import ids_of
from segments.selectors.memberships import kept, latest_changes
from segments.selectors.segments import size_and_sample
from segments.selectors.standing import standing
from segments.services import hand_kept, membership_passes
from segments.services.segments import create_segment
from segments.watches import because


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
        _add_membership_verbs(verbs)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, verb.replace("-", "_"))(options)
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

    def members(self, options: dict[str, Any]) -> None:
        segment = _current(options["segment"]).segment
        found = kept(segment, at=timezone.now())
        if found is None:
            raise CommandError("nobody keeps it up yet: the worker of queue `ticks` does, or `segment refresh`")
        state = "complete" if found.complete else "not complete yet"
        self.stdout.write(f"members: {found.size} ({state})")
        self.stdout.write(f"everybody is looked at again {found.moves}, next {_at(found.due_at)}")
        if found.error:
            self.stdout.write(f"error: {found.error}")

    def changes(self, options: dict[str, Any]) -> None:
        for one in latest_changes(_current(options["segment"]).segment.pk, limit=options["last"]):
            who = public_ids.encode("contact", one.contact_id)
            self.stdout.write(f"{_at(one.at)}  {who}  {one.kind}  because {because(one.how)}")

    def refresh(self, options: dict[str, Any]) -> None:
        segment = _current(options["segment"]).segment
        if options["every"] is not None:
            membership_passes.set_interval(segment, hours=options["every"])
        if not membership_passes.pass_whole(segment, patience=options["wait"]):
            self.stderr.write(
                "It was not done in time: its rule does not work, or others are writing. It will be tried again."
            )
        self.members(options)

    def freeze(self, options: dict[str, Any]) -> None:
        hand_kept.freeze(_current(options["segment"]).segment)
        self.stdout.write("its people are being frozen")

    def was_in(self, options: dict[str, Any]) -> None:
        segment = _current(options["segment"]).segment
        who = find_contacts(options["contact"]).order_by("pk").first()
        if who is None:
            raise NotFound(f"nobody is called {options['contact']!r}")
        at = _moment(options["on"]) if options["on"] else timezone.now()
        found = standing(segment, who, ids_of(who.pk), at=at)
        said = {True: "yes", False: "no", None: "nobody knows any more"}[found.was_in]
        self.stdout.write(f"{said}, at {_at(at)}")
        for stay in found.stays:
            why = f" because {because(stay.entered_how)}" if stay.entered_how else ""
            end = f"{_at(stay.until)} because {because(stay.left_how)}" if stay.until else "now"
            self.stdout.write(f"  from {_at(stay.since)}{why}, to {end}")
        for one in found.conditions:
            mark = {True: "holds", False: "does not", None: "?"}[one.holds]
            self.stdout.write(f"  {mark:>8}  {'  ' * one.line.depth}{one.line.text}")


def _add_membership_verbs(verbs: Any) -> None:
    texts = {
        "members": "how many are in it and how they are kept up", "changes": "who came and left last",
        "refresh": "look at everybody again, now", "freeze": "keep the people it has now",
        "was-in": "was somebody in it on a day, and why",
    }  # fmt: skip
    parsers = {verb: verbs.add_parser(verb, help=text) for verb, text in texts.items()}
    for one in parsers.values():
        one.add_argument("segment", help="its name or public id")
    parsers["changes"].add_argument("--last", type=int, default=20)
    parsers["refresh"].add_argument("--every", type=float, help="from now on every so many hours; 0: as its rule asks")
    parsers["refresh"].add_argument("--wait", type=float, default=10, help="seconds for writers who began before it")
    parsers["was-in"].add_argument("contact", help="address, external id or name")
    parsers["was-in"].add_argument("--on", help="a day (its end) or a moment; now when left out")


def _moment(text: str) -> datetime:
    found = parse_datetime(text) if "T" in text else None
    day = None if found else parse_date(text)
    if day:
        found = datetime.combine(day, time.max, UTC)
    if found is None:
        raise CommandError("write the day as 2026-03-03, or a moment as 2026-03-03T12:00:00Z")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "never"


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
