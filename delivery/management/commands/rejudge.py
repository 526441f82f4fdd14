"""Rule again on opens and clicks, by the rules of today: who made them, a person or a machine."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from delivery.tracking.judging import rejudge


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=float, default=settings.TRACKING_AGENT_DAYS, help="How far back; evidence lasts as long"
        )

    def handle(self, *args: Any, days: float, **options: Any) -> None:
        changed = rejudge(since=timezone.now() - timedelta(days=days))
        self.stdout.write(f"{changed} verdicts changed")
