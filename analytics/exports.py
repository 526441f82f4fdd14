"""The life of an export: asked for, written to a file by a worker, downloaded for a day, deleted."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from tempfile import TemporaryFile

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from analytics.exporting import table
from analytics.models import Export
from config.lib import public_ids
from config.lib.errors import DomainError
from config.lib.leases import MAX_ATTEMPTS, Lease, LeaseLost, free, take
from segments.exporting import FORMATS, Row

State = Export.State
LEASE = timedelta(minutes=5)  # the query of a large segment and the packing of a workbook renew nothing
RENEW_EVERY = 2000  # rows


class ExportStopped(DomainError):
    """Its worker stopped five times. The log of the workers says why; then ask for it again."""

    code = "export_stopped"


def order(*, kind: str, object_id: int, format: str, by_id: int, metrics: Sequence[str] = ()) -> Export:  # noqa: A002 - the word of the API
    """Ask for an export; a worker takes it up within seconds. Of contacts, the object is the bulk job they are of."""
    return Export.objects.create(
        kind=kind, object_id=object_id, format=format, metrics=list(metrics), created_by_id=by_id
    )


def waiting(*, at: datetime) -> list[int]:
    """Exports to be written that nobody is at."""
    at_work = Export.objects.filter(state=State.PROCESSING)
    return list(free(at_work, at=at).order_by("pk").values_list("pk", flat=True))


def carry_out(export_id: int, *, at: datetime) -> Export:
    """Write the file of an export. Nothing when another worker has it.

    What a person can mend becomes state failed with the reason; other errors leave it to the next worker, five times.
    """
    lease = take(Export.objects.filter(state=State.PROCESSING), export_id, LEASE)
    export = Export.objects.get(pk=export_id)
    if lease is None:
        return export
    with suppress(LeaseLost):
        try:
            _write(export, lease, at)
        except DomainError as error:
            lease.release(state=State.FAILED, error=error.detail, finished_at=timezone.now())
        except Exception:
            lease.give_up()
            raise
    export.refresh_from_db()
    return export


def forget_files(*, at: datetime) -> int:
    """Delete the files that were kept for a day, also those that a dying worker left. How many."""
    before = at - Export.KEPT
    Export.objects.filter(state=State.COMPLETED, finished_at__lt=before).update(state=State.EXPIRED, file="")
    kept = set(Export.objects.exclude(file="").values_list("file", flat=True))
    gone = [name for name in _files() if name not in kept and default_storage.get_modified_time(name) < before]
    for name in gone:
        default_storage.delete(name)
    return len(gone)


def _write(export: Export, lease: Lease, at: datetime) -> None:
    if export.attempts > MAX_ATTEMPTS:
        raise ExportStopped
    found = table(export, at=at)
    counted = _Counted(found.rows, lease)
    with TemporaryFile() as out:
        FORMATS[export.format](found.header, counted, out)
        lease.renew()
        out.seek(0)
        name = default_storage.save(f"exports/{public_ids.encode('export', export.pk)}.{export.format}", File(out))
    try:
        lease.release(state=State.COMPLETED, file=name, rows=counted.rows, error="", finished_at=timezone.now())
    except LeaseLost:
        default_storage.delete(name)
        raise


class _Counted:
    """Rows as they pass, counted; the lease is renewed on the way. Raises LeaseLost."""

    def __init__(self, found: Iterator[Row], lease: Lease) -> None:
        self.rows = 0
        self._found, self._lease = found, lease

    def __iter__(self) -> Iterator[Row]:
        for row in self._found:
            self.rows += 1
            if self.rows % RENEW_EVERY == 0:
                self._lease.renew()
            yield row


def _files() -> list[str]:
    if not default_storage.exists("exports"):
        return []
    return [f"exports/{name}" for name in default_storage.listdir("exports")[1]]
