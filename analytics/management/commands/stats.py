"""`manage.py stats show|rebuild|verify`: a campaign's figures; count everything anew; compare with the log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics import selectors, services, stream
from analytics.figures import Figure


class Command(BaseCommand):
    help = "Show what was counted, count it anew, or compare it with the log."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = verbs.add_parser("show", help="the figures of a campaign, with their age and meaning")
        show.add_argument("--campaign", required=True, type=int, help="number of the campaign")
        verbs.add_parser("rebuild", help="count the log anew beside the live figures, then swap")
        verbs.add_parser("verify", help="compare the live figures with the log; fails when they differ")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        getattr(self, verb)(**options)

    def show(self, *, campaign: int, **options: Any) -> None:
        """One line a figure."""
        found = selectors.campaign_figures(campaign)
        age = found.counts["sent"].age(timezone.now())
        if age is None:
            raise CommandError("Nothing was counted yet: beat and the worker of queue `ticks` must run.")
        self.stdout.write(f"Campaign {campaign}, {age.total_seconds():.0f} s old")
        for name, figure in (found.counts | found.rates).items():
            self.stdout.write(f"  {name:28}{_value(figure, percent=name in found.rates):>12}  {figure.definition}")

    def rebuild(self, **options: Any) -> None:
        """What retention has dropped from the log is not counted again."""
        services.rebuild()
        self.stdout.write(f"{services.counted_events():,} events counted anew.")

    def verify(self, **options: Any) -> None:
        """Raises CommandError with the first differences."""
        found = stream.differences(limit=20)
        if found:
            rows = "\n".join("  ".join(str(value) for value in row) for row in found)
            raise CommandError(f"The counters and the log differ; `stats rebuild` counts anew.\n{rows}")
        self.stdout.write(f"The counters equal the log: {services.counted_events():,} events.")


def _value(figure: Figure, *, percent: bool) -> str:
    if figure.value is None:
        return "–"
    return f"{figure.value:.1f} %" if percent else f"{figure.value:,}"
