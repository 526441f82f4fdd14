"""Examine this deployment: one line a matter, OK, WARN or FAIL with the remedy. Exit code 1 on FAIL."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.doctor import Level, examine


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        failed = False
        styles = {Level.OK: self.style.SUCCESS, Level.WARN: self.style.WARNING, Level.FAIL: self.style.ERROR}
        for finding in examine():
            remedy = f" → {finding.remedy}" if finding.remedy else ""
            self.stdout.write(
                f"{styles[finding.level](f'{finding.level:<4}')} {finding.matter}: {finding.said}{remedy}"
            )
            failed = failed or finding.level is Level.FAIL
        if failed:
            sys.exit(1)
