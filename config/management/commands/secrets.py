"""Print a fresh value for every secret, as lines for .env; nothing is stored."""

from typing import Any

from django.core.management.base import BaseCommand

from config.lib import secrets_file


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for name, value in secrets_file.generate().items():
            self.stdout.write(f"{name}={value}")
