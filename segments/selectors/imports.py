"""Reads of imports: their files, presets, outcomes and problems."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import BinaryIO, cast

from django.db import connection
from django.db.models import QuerySet

from config.lib.errors import NotFound
from config.lib.leases import free
from config.lib.sql import queries
from segments.importing.json_lines import json_records
from segments.importing.mapping import PROBLEM_COLUMNS
from segments.importing.reading import Record, records
from segments.importing.sniffing import SAMPLE
from segments.models import Attribute, Import, ImportRow


@contextmanager
def open_file(import_: Import) -> Iterator[BinaryIO]:
    """The bytes of the file. Raises NotFound when it was deleted."""
    name, storage = import_.file.name, import_.file.storage
    if not name or not storage.exists(name):
        raise NotFound("The file of this import is no longer kept: upload it again.")
    with storage.open(name, "rb") as stored:
        yield cast(BinaryIO, stored.file)


def records_of(import_: Import, stream: BinaryIO, *, after_line: int = 0) -> Iterator[Record]:
    """The records of its file behind a line, without the column names. Raises UnreadableFile."""
    if import_.format == Import.Format.JSONL:
        return json_records(stream, import_.columns, after_line=after_line)
    return records(stream, import_.encoding, import_.delimiter, after_line=max(after_line, 1))


def registered_attributes() -> dict[str, str]:
    """Name -> type of every registered attribute."""
    return dict(Attribute.objects.values_list("name", "type"))


def samples(import_: Import, number: int = 3) -> dict[str, list[str]]:
    """The first different values of each column."""
    with open_file(import_) as stream:
        first = [one.cells for one in islice(records_of(import_, stream), SAMPLE) if not one.problem]
    return {column: list(dict.fromkeys(_column(first, place)))[:number] for place, column in enumerate(import_.columns)}


def _column(rows: list[list[str]], place: int) -> Iterator[str]:
    return (cell for row in rows if len(row) > place and (cell := row[place].strip()))


def preset(columns: Sequence[str]) -> Import | None:
    """The last completed import of a file with the same columns, in whatever order."""
    done = Import.objects.filter(state=Import.State.COMPLETED, mapping__has_keys=list(columns))
    return next((same for same in done.order_by("-finished_at")[:20] if len(same.columns) == len(columns)), None)


def outcomes(import_id: int) -> dict[str, int]:
    """Rows recorded so far by outcome."""
    with connection.cursor() as cursor:
        cursor.execute(queries("segments", "importing")["outcomes"], {"import": import_id})
        return dict(cursor.fetchall())


def in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts in the order people read them; JSON keeps none."""
    names = ("rows", *ImportRow.Outcome.values, "suppressed")
    return {name: counts[name] for name in names if name in counts}


def waiting_imports(*, at: datetime) -> list[int]:
    """Imports with work to do and nobody at it."""
    at_work = Import.objects.filter(state__in=Import.AT_WORK)
    return list(free(at_work, at=at).order_by("pk").values_list("pk", flat=True))


def progress(import_: Import) -> float:
    """How much of the current state's work is done, from 0 to 1."""
    if import_.state == Import.State.STAGING:
        return min(import_.bytes_done / import_.size, 1.0) if import_.size else 0.0
    to_write = sum(import_.counts.get(outcome, 0) for outcome in ("new", "changed", "unchanged"))
    if import_.state == Import.State.RUNNING and to_write:
        return float(import_.rows_done / to_write)
    return 1.0 if import_.state == Import.State.COMPLETED else 0.0


def problems(import_: Import) -> QuerySet[ImportRow]:
    """The rows that were not imported, by line."""
    return ImportRow.objects.filter(imported_from=import_, outcome__in=ImportRow.PROBLEMS).order_by("line")


def problem_header(import_: Import) -> list[str]:
    """The column names of the error file."""
    return [*PROBLEM_COLUMNS, *import_.columns]


def problem_lines(import_: Import) -> Iterator[list[str]]:
    """The error file: line, outcome, reason and the original cells of every row not imported.

    A stream; the cells come from the file itself. Raises NotFound when it was deleted.
    """
    with open_file(import_) as stream:
        found = records_of(import_, stream)
        for line, outcome, reason in problems(import_).values_list("line", "outcome", "reason").iterator():
            cells = next((record.cells for record in found if record.line == line), [])
            yield [str(line), outcome, reason, *cells]
