"""One look at some people, segment by segment: who is in it by its rule, against who was."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import DataError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg.errors import QueryCanceled

from segments.compiler import Compiler
from segments.dependence import people, statement
from segments.errors import InvalidCriteria
from segments.models import Contact, How, SegmentUpkeep
from segments.services.membership_rows import row, run, text
from segments.services.upkeep import next_try

LONG, QUICK = 1.0, 0.25  # seconds a transaction writes: shorter ones from there on, longer ones up to here
CHUNKS = range(100, 200_001)  # contacts a transaction of a pass
_BY_ID = 5_000  # so few are asked one by one, which takes as long however long the log of events is
_STATEMENT_LIMIT = "5s"
_LAST = 2**63 - 1


class TooSlow(Exception):
    """Looking at some people took longer than a statement may; nothing is written."""


class Looks:
    """Looks at segments within one transaction, all by rules as they are at one moment."""

    def __init__(self, at: datetime) -> None:
        self._compiler = Compiler(at)
        run("limit_statements", limit=_STATEMENT_LIMIT)

    def at_people(self, upkeep: SegmentUpkeep, hows: Mapping[int, str]) -> None:
        """Look at these contacts. Raises TooSlow, and what a rule that does not work raises."""
        ids = sorted(hows)
        self._compiler.among = ids
        how = [hows[pk] for pk in ids]
        self._settle(upkeep, "batch", Q(pk__in=ids), ids=ids, hows=how, how="", counts=True)

    def at_stretch(self, upkeep: SegmentUpkeep, upto: int | None) -> None:
        """Look at all contacts after those passed; None: nobody is left but members who are gone. Raises as above."""
        after = int(upkeep.passed or 0)
        within = Q(pk__gt=after, pk__lte=upto or after)
        if upto and upkeep.chunk > _BY_ID:
            self._compiler.among = range(after + 1, upto + 1)
        else:
            self._compiler.among = list(Contact.objects.filter(within).order_by("pk").values_list("pk", flat=True))
            within = Q(pk__in=self._compiler.among)
        counts = upkeep.how not in (How.RULE, How.FROZEN)
        stretch = {"after": after, "upto": upto or _LAST, "ids": [], "hows": []}
        self._settle(upkeep, "stretch", within, **stretch, how=upkeep.how, counts=counts)

    def _settle(self, upkeep: SegmentUpkeep, those: str, within: Q, *, counts: bool, **values: Any) -> None:
        fitting = statement(people(self._compiler, upkeep.pk).filter(within)).replace("%", "%%")
        parts = {"people": fitting, "those": text(those)}
        try:
            with transaction.atomic():
                entered, gone = row("settle", parts, segment=upkeep.pk, version=upkeep.version_id, **values)
        except OperationalError as error:
            if isinstance(error.__cause__, QueryCanceled):
                raise TooSlow from error
            raise
        if entered or gone:
            run("note", segment=upkeep.pk, entered=entered, gone=gone, counts=counts)


@contextmanager
def told(upkeep: SegmentUpkeep) -> Iterator[None]:
    """A rule that does not work harms no other: it is noted, and a pass makes up for it once it works again."""
    try:
        with transaction.atomic():
            yield
    except (InvalidCriteria, DataError, TooSlow) as error:
        upkeep.error = upkeep.TOO_SLOW if isinstance(error, TooSlow) else str(error).partition("\n")[0][:500]
        upkeep.due_at, upkeep.passed = next_try(timezone.now()), None
        upkeep.save(update_fields=["error", "due_at", "passed"])
