"""The lease under which one worker at a time carries on a row of long work: an import, an export, a bulk job.

The row has `lease_until` and `attempts`. Whoever holds `lease_until` as it wrote it may go on; a lease that ran out is
taken by the next one. Nothing else keeps two workers apart, so each stretch of work renews it in its own transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5


class LeaseLost(Exception):
    """Another worker has taken over; nothing of the current transaction may be kept."""


@dataclass
class Lease:
    """The right to work on a row until `until`; writing `until` again proves that it is still held."""

    model: type[Model]
    pk: int
    until: datetime
    length: timedelta = LEASE

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction to renew the lease in; when it is rolled back, so is the lease."""
        before = self.until
        try:
            with transaction.atomic():
                yield
        except BaseException:
            self.until = before
            raise

    def renew(self, length: timedelta | None = None, **progress: Any) -> None:
        """Prolong the lease and note progress in one UPDATE. Raises LeaseLost when somebody else has it."""
        until = timezone.now() + (length or self.length)
        noted = {"attempts": 0, **progress} if progress else {}
        if not self._held().update(lease_until=until, **noted):
            raise LeaseLost
        self.until = until

    def release(self, **last: Any) -> None:
        """End the lease and note the outcome. Raises LeaseLost when somebody else has it."""
        if not self._held().update(lease_until=None, **last):
            raise LeaseLost

    def give_up(self) -> None:
        """Let the next worker take over at once, if the lease is still held."""
        self._held().update(lease_until=None)

    def _held(self) -> QuerySet[Any]:
        return self.model._default_manager.filter(pk=self.pk, lease_until=self.until)  # noqa: SLF001 - public in Django


def free(rows: QuerySet[Any], *, at: datetime) -> QuerySet[Any]:
    """Those of the rows that nobody is at."""
    return rows.filter(Q(lease_until=None) | Q(lease_until__lt=at))


def take(rows: QuerySet[Any], pk: int, length: timedelta = LEASE) -> Lease | None:
    """The lease of a row when it is among `rows`, those with work to do, and nobody is at it; None otherwise."""
    now = timezone.now()
    taken = free(rows, at=now).filter(pk=pk).update(lease_until=now + length, attempts=F("attempts") + 1)
    return Lease(rows.model, pk, now + length, length) if taken else None
