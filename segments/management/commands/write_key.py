"""`manage.py write_key create|list|revoke`: keys for websites, apps and servers that send events."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config.lib.errors import DomainError
from segments.models import Source, WriteKey
from segments.services.write_keys import create_write_key, revoke_write_key


class Command(BaseCommand):
    help = "Make, list and revoke keys that may send events and nothing else"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a key; it is shown once")
        create.add_argument("name", help="what it is for")
        create.add_argument("--kind", choices=Source.values, default=Source.SERVER, help="a browser's key is no secret")
        create.add_argument(
            "--origin", action="append", default=[], help="repeat; a site that may use it; default: any"
        )
        create.add_argument("--rate", type=int, help="events a minute")
        verbs.add_parser("list", help="show all keys")
        revoke = verbs.add_parser("revoke", help="end a key at once")
        revoke.add_argument("prefix", help="its first letters, as `list` shows them")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(**options)
        except DomainError as error:
            raise CommandError(error.detail) from None

    def _create(self, *, name: str, kind: str, origin: list[str], rate: int | None, **_: Any) -> None:
        with transaction.atomic():
            key, text = create_write_key(name=name, kind=Source(kind), origins=origin, rate_per_minute=rate)
            _record("writekey_created", key)
        self.stderr.write(f"A {key.kind}'s key {key.prefix}… for {key.name}. Keep it: it is shown only now.")
        self.stdout.write(text)

    def _list(self, **_: Any) -> None:
        for key in WriteKey.objects.order_by("pk"):
            used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
            state = "revoked" if key.revoked_at else "live"
            self.stdout.write(
                f"{key.prefix}  {state}  {key.kind}  {key.name}  {used}  {' '.join(key.origins)}".rstrip()
            )

    def _revoke(self, *, prefix: str, **_: Any) -> None:
        found = list(WriteKey.objects.filter(prefix=prefix))
        if len(found) != 1:
            raise CommandError(f"{len(found)} keys begin with {prefix!r}: see `manage.py write_key list`.")
        with transaction.atomic():
            revoke_write_key(found[0], at=timezone.now())
            _record("writekey_revoked", found[0])
        self.stdout.write(f"Revoked {found[0]}.")


def _record(action: str, key: WriteKey) -> None:
    """In the audit log, which a floor above keeps."""
    import_string(settings.AUDIT_LOG)(
        action=action, object_kind="writekey", object_id=key.pk, changes={"through": "command"}
    )
