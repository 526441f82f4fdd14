"""`manage.py suppress add|lift|show ADDRESS`: suppressions for operators."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from compliance.models import Reason, Scope, SuppressionEvent
from compliance.services.suppressions import lift, suppress_email
from config.lib.addresses import address_hashes, normalise_email
from config.lib.errors import DomainError


class Command(BaseCommand):
    help = "Lay, lift or show the suppressions of an address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["add", "lift", "show"])
        parser.add_argument("email")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.GLOBAL)
        parser.add_argument("--scope-id", type=int, default=0, help="id of the list or brand")
        parser.add_argument("--reason", choices=Reason.values, default=Reason.UNSUBSCRIBED, help="which one to lift")
        parser.add_argument("--note", default="", help="why; required to lift: the person's newer wish")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            email = normalise_email(options["email"])
            getattr(self, options["verb"])(email, options)
        except DomainError as error:
            raise CommandError(error.detail) from None

    def add(self, email: str, options: dict[str, Any]) -> None:
        scope = self._scope(options)
        is_new = suppress_email(
            email, scope=scope, scope_id=options["scope_id"], reason=Reason.MANUAL, source="command",
            at=timezone.now(), note=options["note"],
        )  # fmt: skip
        self.stdout.write("Suppressed." if is_new else "It was suppressed already.")

    def lift(self, email: str, options: dict[str, Any]) -> None:
        if not options["note"]:
            raise CommandError("--note is required to lift: when and how did the person ask for mail again?")
        lifted = lift(
            email, scope=self._scope(options), scope_id=options["scope_id"], reason=Reason(options["reason"]),
            source="command", at=timezone.now(), actor_id=None, note=options["note"],
        )  # fmt: skip
        self.stdout.write("Lifted." if lifted else "There was no such suppression in this scope.")

    def show(self, email: str, options: dict[str, Any]) -> None:
        keys = [address.key for address in address_hashes(email)]
        events = SuppressionEvent.objects.filter(address_key__in=keys).order_by("at")
        for event in events:
            where = event.scope if event.scope == Scope.GLOBAL else f"{event.scope} {event.scope_id}"
            self.stdout.write(f"{event.at:%Y-%m-%d %H:%M:%S} {event.action} {where}: {event.reason} ({event.source})")
        if not events:
            self.stdout.write("Never suppressed.")

    def _scope(self, options: dict[str, Any]) -> Scope:
        scope = Scope(options["scope"])
        if (scope == Scope.GLOBAL) != (options["scope_id"] == 0):
            raise CommandError("--scope-id is the id of the list or brand, and is left out for global")
        return scope
