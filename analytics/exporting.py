"""What each kind of export holds, as a header and rows; segments.exporting writes them in every format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from analytics import figures, selectors
from analytics.models import Export
from config.lib.errors import DomainError
from segments.errors import SegmentTooSlow
from segments.exporting import Row, rows
from segments.models import BulkTarget, Contact
from segments.resources import ContactResource
from segments.selectors import audience
from segments.selectors.limits import time_limit

METRICS = (*figures.COUNTS, "delivered", "attempted")  # of hours these add up, rates do not
USUAL = ("sent", "delivered", "opened", "clicked")
SHEET_ROWS = 1_048_575  # of a workbook, below the header


class TooManyRows(DomainError):
    """A workbook has at most 1,048,575 rows: choose csv or json."""

    code = "too_many_rows"


@dataclass(frozen=True)
class Table:
    header: Sequence[str]
    rows: Iterator[Row]


def table(export: Export, *, at: datetime) -> Table:
    """What the export holds at that time. Raises TooManyRows, and InvalidCriteria when a rule no longer holds."""
    if export.kind == Export.Kind.CAMPAIGN:
        return Table(["hour", "channel", *export.metrics], _figures(export.object_id, export.metrics))
    return _people(export, at)


def _figures(campaign_id: int, metrics: Sequence[str]) -> Iterator[Row]:
    """A row for each hour (UTC) and channel in which something happened; they add up to the campaign's figures."""
    for (hour, channel), found in selectors.figures_by_hour_and_channel(campaign_id).items():
        yield [f"{hour:%Y-%m-%dT%H:%M:%SZ}", channel, *(int(found[name].value or 0) for name in metrics)]


def people_now(kind: str, object_id: int, *, at: datetime) -> int | None:
    """How many rows an export of a segment or list would have; None when counting takes over a second."""
    try:
        with time_limit(1.0):
            return _of(kind, object_id, at).count()
    except SegmentTooSlow:
        return None


def _of(kind: str, object_id: int, at: datetime) -> QuerySet[Contact]:
    one: dict[str, list[int]] = {"segments": [], "lists": [], f"{kind}s": [object_id]}
    return audience(**one, at=at)


def _people(export: Export, at: datetime) -> Table:
    """Everybody the segment, list or choice has, those suppressed marked: as many rows as its size.

    The people come from one statement, so they are those of one moment however long the file takes.
    """
    people = _wanted(export, at).order_by("pk")
    if export.format == Export.Format.XLSX and people.count() > SHEET_ROWS:
        raise TooManyRows
    resource = ContactResource()
    return Table(resource.get_export_headers(), rows(people, resource))


def _wanted(export: Export, at: datetime) -> QuerySet[Contact]:
    if export.kind == Export.Kind.CONTACTS:
        if not export.object_id:  # asked for before there were bulk jobs
            return Contact.objects.filter(pk__in=export.contact_ids)
        return Contact.objects.filter(
            Exists(BulkTarget.objects.filter(job=export.object_id, contact_id=OuterRef("pk")))
        )
    return _of(export.kind, export.object_id, at)
