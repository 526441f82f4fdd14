"""The lease under which one worker at a time carries on an import."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from segments.models import Import

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5


class LeaseLost(Exception):
    """Another worker has taken over; nothing of the current transaction may be kept."""


@dataclass
class Lease:
    """The right to work on an import until `until`; writing `until` again proves that it is still held."""

    import_id: int
    until: datetime

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

    def renew(self, length: timedelta = LEASE, **progress: Any) -> None:
        """Prolong the lease and note progress in one UPDATE. Raises LeaseLost when somebody else has it."""
        until = timezone.now() + length
        held = Import.objects.filter(pk=self.import_id, lease_until=self.until)
        if not held.update(lease_until=until, attempts=0, **progress):
            raise LeaseLost
        self.until = until

    def release(self, **last: Any) -> None:
        """End the lease and note the outcome. Raises LeaseLost when somebody else has it."""
        held = Import.objects.filter(pk=self.import_id, lease_until=self.until)
        if not held.update(lease_until=None, attempts=0, **last):
            raise LeaseLost

    def give_up(self) -> None:
        """Let the next worker take over at once, if the lease is still held."""
        Import.objects.filter(pk=self.import_id, lease_until=self.until).update(lease_until=None)


def take_lease(import_id: int) -> Lease | None:
    """The lease of an import that has work to do and nobody at it; None otherwise."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    waiting = Import.objects.filter(free, pk=import_id, state__in=Import.AT_WORK)
    until = now + LEASE
    return Lease(import_id, until) if waiting.update(lease_until=until, attempts=F("attempts") + 1) else None
