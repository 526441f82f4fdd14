"""Seal the passwords and keys of all provider accounts under the newest of TOKEN_KEYS. It can be repeated."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from delivery.services.accounts import rotate_secrets


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        done = rotate_secrets()
        self.stdout.write(f"{done.resealed} sealed anew, {done.current} under the newest key already.")
        if done.lost:
            raise CommandError(f"Nobody can open those of {', '.join(done.lost)}: enter them again.")
