"""`manage.py rfm show|take|cells`: the latest RFM snapshot, one taken now, and what the named cells are."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from segments import rfm
from segments.selectors import rfm as selectors
from segments.services.rfm import take


class Command(BaseCommand):
    help = "Buyers by recency, frequency and money"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("show", help="the latest snapshot by named cells")
        verbs.add_parser("take", help="take one now, or go on with the one at work")
        verbs.add_parser("cells", help="which scores belong to which cell")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")()

    def _take(self) -> None:
        take(at=timezone.now())
        self._show()

    def _show(self) -> None:
        snapshot = selectors.finished().first()
        if snapshot is None:
            raise CommandError("There is no snapshot yet: take one.")
        self.stdout.write(f"{snapshot}: {snapshot.people:,} buyers, {snapshot.money:,.2f} spent")
        self.stdout.write(f"recency {snapshot.recency_thresholds} days, frequency {snapshot.frequency_thresholds}, "
                          f"monetary {[str(one) for one in snapshot.monetary_thresholds]}")  # fmt: skip
        for name, tally in selectors.by_cell(selectors.grid(snapshot)).items():
            self.stdout.write(f"{tally.people:>12,}  {tally.money:>16,.2f}  {name}")

    def _cells(self) -> None:
        for cell in rfm.CELLS:
            scores = f"recency {'-'.join(map(str, cell.recency))}, frequency {'-'.join(map(str, cell.frequency))}"
            self.stdout.write(f"{cell.name:<16} {scores:<32} {cell.meaning}")
