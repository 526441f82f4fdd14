"""`manage.py campaign create|check|launch|schedule|unschedule|release|pause|resume|cancel|show`, for operators."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model, QuerySet
from django.utils import timezone

from campaigns import scheduling, selectors, services
from campaigns.models import Campaign
from compliance.models import Brand, Sender
from config.lib.errors import FieldError, Invalid
from delivery.models import Purpose
from segments.models import ContactList, Segment
from templates.models import MessageTemplate

M = TypeVar("M", bound=Model)

_AUDIENCE = {
    "segments": ("--segment", Segment),
    "lists": ("--list", ContactList),
    "excluded_segments": ("--exclude-segment", Segment),
    "excluded_lists": ("--exclude-list", ContactList),
}


class Command(BaseCommand):
    help = "Create, check, launch and rule campaigns."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        self._add_create(verbs.add_parser("create", help="make a draft; prints its number"))
        for verb, says in _VERBS.items():
            one = verbs.add_parser(verb, help=says)
            one.add_argument("number", type=int, help="number of the campaign")
            if verb == "approve":
                one.add_argument("--by", required=True, help="name of the person who says yes, not its author")
            if verb == "schedule":
                one.add_argument("--local", required=True, help="2026-12-24T09:00, on the wall of the zone")
                one.add_argument("--zone", required=True, help="Europe/Berlin")

    def _add_create(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--brand", required=True, help="name or number, as everywhere below")
        parser.add_argument("--sender", help="number or From address; without it the brand's only one")
        parser.add_argument("--template", required=True)
        parser.add_argument("--unsubscribe-from", dest="list", help="the list its unsubscribe link leaves")
        parser.add_argument("--purpose", choices=Purpose.values, default=Purpose.MARKETING)
        for field, (option, _) in _AUDIENCE.items():
            parser.add_argument(option, dest=field, action="append", default=[], help="may be given several times")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            if verb == "create":
                self._create(**options)
            else:
                getattr(self, f"_{verb}", self._move)(_campaign(options["number"]), verb=verb, **options)
        except Invalid as error:
            raise CommandError("\n".join(f"- {one.detail} ({one.pointer})" for one in error.errors)) from None

    def _create(self, **options: Any) -> None:
        brand = _find(Brand, options["brand"])
        audience: Any = {
            field: [_find(model, name) for name in options[field]] for field, (_, model) in _AUDIENCE.items()
        }
        campaign = services.create(
            by=None,
            name=options["name"],
            purpose=options["purpose"],
            brand=brand,
            sender=_sender(brand, options["sender"]),
            template=_find(MessageTemplate, options["template"]),
            list=_find(ContactList, options["list"]) if options["list"] else None,
            **audience,
        )
        self.stdout.write(str(campaign.pk))

    def _check(self, campaign: Campaign, **options: Any) -> None:
        checked = selectors.with_plan(campaign.pk)
        if problems := selectors.readiness(checked):
            raise Invalid(*problems)
        self.stdout.write(f"Ready: {selectors.audience_of(checked).count()} people as things are now.")

    def _approve(self, campaign: Campaign, by: str, **options: Any) -> None:
        person = User.objects.filter(username=by, is_active=True).first()
        if person is None:
            raise CommandError(f"There is nobody named {by!r} who is active.")
        services.approve(campaign, by=person, at=timezone.now())
        self.stdout.write("Approved as it is now; an edit voids it.")

    def _schedule(self, campaign: Campaign, local: str, zone: str, **options: Any) -> None:
        wall = scheduling.wall_time(local)
        due = services.schedule(campaign, local=wall, zone=zone, by=None, at=timezone.now())
        self.stdout.write(f"It launches at {due:%Y-%m-%d %H:%M:%S} UTC.")

    def _move(self, campaign: Campaign, verb: str, **options: Any) -> None:
        _MOVES[verb](campaign)
        self._show(campaign)

    def _show(self, campaign: Campaign, **options: Any) -> None:
        campaign.refresh_from_db()
        account = selectors.waterfall(campaign)
        rows: list[tuple[str, object]] = [(name, getattr(account, name)) for name in _COUNTS]
        rows += [(f"skipped: {reason}", n) for reason, n in account.skipped.items()]
        rows += [(f"failed: {reason}", n) for reason, n in account.failed.items()]
        rows += [("closes", "yes" if account.closes else "no")]
        self.stdout.write(f"{campaign}. {selectors.standing(campaign)}")
        for name, value in rows:
            self.stdout.write(f"{name:>30} {value!s:>9}")


_COUNTS = ("audience", "sent", "unknown", "cancelled", "sending", "waiting")
_VERBS = {
    "check": "list all that is missing",
    "approve": "a second person's yes, for a launch to many",
    "launch": "launch now",
    "schedule": "launch at a time",
    "unschedule": "back to a draft",
    "release": "let a held schedule go out after all",
    "pause": "begin nothing more until it is resumed",
    "resume": "go on",
    "cancel": "end for good",
    "show": "its state and its account",
}
_MOVES: dict[str, Callable[[Campaign], object]] = {
    "launch": lambda campaign: services.launch(campaign, by=None, at=timezone.now()),
    "release": lambda campaign: services.release(campaign, by=None, at=timezone.now()),
    "unschedule": lambda campaign: services.unschedule(campaign, by=None),
    "pause": lambda campaign: services.pause(campaign, by=None),
    "resume": lambda campaign: services.resume(campaign, by=None),
    "cancel": lambda campaign: services.cancel(campaign, by=None),
}


def _campaign(pk: int) -> Campaign:
    campaign = Campaign.objects.filter(pk=pk).first()
    if campaign is None:
        raise CommandError(f"There is no campaign {pk}.")
    return campaign


def _find(model: type[M], text: str) -> M:
    """The row with this name, or with this number. Raises CommandError."""
    rows: QuerySet[M] = QuerySet(model)
    found = rows.filter(name=text).first()
    if found is None and text.isdecimal():
        found = rows.filter(pk=int(text)).first()
    if found is None:
        raise CommandError(f"There is no {model.__name__} {text!r}.")
    return found


def _sender(brand: Brand, text: str | None) -> Sender:
    """The sender by address or number, or the only one of the brand. Raises Invalid."""
    senders = brand.senders.filter(archived_at=None)
    if text:
        senders = senders.filter(pk=int(text)) if text.isdecimal() else senders.filter(from_email=text)
    found = list(senders[:2])
    if len(found) != 1:
        raise Invalid(FieldError("/sender", f"Name one sender of {brand} with --sender.", "missing"))
    return found[0]
