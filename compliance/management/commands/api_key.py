"""`manage.py api_key create|list|revoke`: keys for programs that call the API."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from compliance.models import ApiKey
from compliance.roles import ROLES
from compliance.services.audit import record
from compliance.services.keys import create_key, make_program, revoke_key
from config.api.scopes import SCOPES
from config.lib.errors import DomainError


class Command(BaseCommand):
    help = "Make, list and revoke keys of the API"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a key; it is shown once")
        create.add_argument("name", help="what it is for")
        create.add_argument("--role", choices=ROLES, help="make an account for a program, with this role")
        create.add_argument("--user", help="act as this person instead")
        create.add_argument("--scope", action="append", choices=SCOPES, help="repeat; default: all that the role has")
        create.add_argument("--days", type=int, help="how long it lives; default: until revoked")
        verbs.add_parser("list", help="show all keys")
        revoke = verbs.add_parser("revoke", help="end a key at once")
        revoke.add_argument("prefix", help="its first letters, as `list` shows them")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(**options)
        except DomainError as error:
            raise CommandError(error.detail) from None

    def _create(self, *, name: str, role: str | None, user: str | None, days: int | None, **options: Any) -> None:
        if bool(role) == bool(user):
            raise CommandError("Give either --role, for a program, or --user, for a person.")
        owner = _person(user) if user else _program(name, role or "")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        scopes = options["scope"] or (ROLES[role] if role else list(SCOPES))
        with transaction.atomic():
            key, text = create_key(name=name, owner=owner, scopes=scopes, expires_at=expires_at)
            record(action="apikey_created", object_kind="apikey", object_id=key.pk, changes={"through": "command"})
        self.stderr.write(f"Key {key.prefix}… of {owner.username}. Keep it: it is shown only now.")
        self.stdout.write(text)

    def _list(self, **_: Any) -> None:
        for key in ApiKey.objects.select_related("owner").order_by("pk"):
            used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
            state = "live" if key.is_live(at=timezone.now()) else "revoked" if key.revoked_at else "expired"
            self.stdout.write(
                f"{key.prefix}  {state}  {key.name}  {key.owner.username}  {used}  {' '.join(key.scopes)}"
            )

    def _revoke(self, *, prefix: str, **_: Any) -> None:
        found = list(ApiKey.objects.filter(prefix=prefix))
        if len(found) != 1:
            raise CommandError(f"{len(found)} keys begin with {prefix!r}: see `manage.py api_key list`.")
        revoke_key(found[0], at=timezone.now())
        self.stdout.write(f"Revoked {found[0]}.")


def _person(username: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is no person {username!r}: `manage.py createsuperuser` makes one.")
    return found


def _program(name: str, role: str) -> User:
    account = make_program(name)
    account.groups.add(Group.objects.get(name=role))
    return account
