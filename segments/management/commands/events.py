"""`manage.py events types|quarantine|rebuild`: what is known of events, what was not let in, the rollup made anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count

from segments.models import EventType, Metric, QuarantinedEvent
from segments.services.rollups import catch_up, start_over


class Command(BaseCommand):
    help = "Event types, the quarantine in numbers, and the rollup of activity"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("types", help="show all event types")
        verbs.add_parser("quarantine", help="what waits, by what is wrong with it")
        rebuild = verbs.add_parser("rebuild", help="throw the rollup away and count the log again")
        rebuild.add_argument("--metric", help="only this one; default: all")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(**options)

    def _types(self, **_: Any) -> None:
        for one in EventType.objects.select_related("current").order_by("name"):
            self.stdout.write(f"{one.name}  version {one.current.number if one.current else 0}  {one.description}")

    def _quarantine(self, **_: Any) -> None:
        waiting = QuarantinedEvent.objects.filter(state=QuarantinedEvent.State.WAITING)
        for row in (
            waiting.values("event_type", "code", "pointer").annotate(events=Count("pk")).order_by("-events")[:50]
        ):
            self.stdout.write(
                f"{row['events']:>8}  {row['event_type'] or '?'}  {row['code']}  {row['pointer']}".rstrip()
            )

    def _rebuild(self, *, metric: str | None, **_: Any) -> None:
        metrics = list(Metric.objects.filter(**({"name": metric} if metric else {})).order_by("pk"))
        if not metrics:
            raise CommandError(f"There is no metric {metric!r}.")
        for one in metrics:
            start_over(one)
            while catch_up(one):
                pass
            self.stdout.write(f"{one.name}: counted up to row {one.counted_to}")
