"""Reading a file onto the stage, chunk by chunk, and judging what is there: all of an import that writes no contact."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import BinaryIO

from django.db import connection
from django.db.models import F

from config.lib.leases import LEASE, Lease
from config.lib.sql import queries
from segments.importing.mapping import parsed_mapping
from segments.importing.reading import Record
from segments.importing.rows import InvalidRow, RowCleaner
from segments.models import Import, ImportRow, StagedRow
from segments.selectors.imports import open_file, outcomes, records_of
from segments.services.statements import statement
from segments.suppressed import suppressed_among

CHUNK = 10_000  # records a transaction, fewer where that takes long: a writing transaction holds all counters back
_PATIENCE = 1.0  # seconds
_BATCH = 100  # records cleaned while the server takes in those before
_MAX_REASON = 255
DUPLICATE = "the same person as in line {}"
CONFLICT = "the external_id and the email belong to two different people"


@dataclass
class _Chunk:
    """What is known of a chunk once it was cleaned."""

    records: int = 0
    first_line: int = 0
    last_line: int = 0
    addresses: dict[str, int] = field(default_factory=dict)  # with their keys
    problems: list[tuple[int, str]] = field(default_factory=list)


def stage(import_: Import, lease: Lease, attributes: Mapping[str, str]) -> None:
    """Read what is not yet read. A chunk is one transaction, so whoever carries on repeats and loses no row.

    Raises UnreadableFile and LeaseLost.
    """
    targets = parsed_mapping(import_.columns, import_.mapping, attributes)
    defused = import_.format == Import.Format.CSV
    cleaner = RowCleaner(import_.columns, targets, import_.default_region, defused=defused)
    with open_file(import_) as stream:
        found = records_of(import_, stream, after_line=import_.line_done)
        while _stage_chunk(import_, lease, found, cleaner, stream):
            pass


def _stage_chunk(import_: Import, lease: Lease, found: Iterator[Record], cleaner: RowCleaner, stream: BinaryIO) -> bool:
    """Whether there was anything left to stage."""
    with lease.transaction():
        lease.renew()
        chunk = _copy(import_.pk, found, cleaner)
        if chunk.records:
            _mark_suppressed(import_.pk, chunk)
            _record(import_.pk, [(line, ImportRow.Outcome.INVALID, reason) for line, reason in chunk.problems])
            rows_done = F("rows_done") + chunk.records
            lease.renew(rows_done=rows_done, line_done=chunk.last_line, bytes_done=stream.tell())
    return chunk.records > 0


def _copy(import_id: int, found: Iterator[Record], cleaner: RowCleaner) -> _Chunk:
    chunk, enough = _Chunk(), monotonic() + _PATIENCE
    with connection.cursor() as cursor, cursor.copy(queries("segments", "importing")["copy_staged"]) as copy:
        while batch := list(islice(found, min(_BATCH, CHUNK))):
            copy.write("".join(_staged(import_id, batch, cleaner, chunk)))
            if chunk.records >= CHUNK or monotonic() > enough:
                break
    return chunk


def _staged(import_id: int, batch: list[Record], cleaner: RowCleaner, chunk: _Chunk) -> Iterator[str]:
    for line, cells, problem in batch:
        try:
            if problem:
                raise InvalidRow(problem)
            copy, email, key = cleaner(cells)
        except InvalidRow as error:
            chunk.problems.append((line, error.detail))
            continue
        if email:
            chunk.addresses[email] = key
        yield f"{import_id}\t{line}\tf\t{copy}\n"
    chunk.records += len(batch)
    chunk.first_line, chunk.last_line = chunk.first_line or batch[0].line, batch[-1].line


def _mark_suppressed(import_id: int, chunk: _Chunk) -> None:
    if suppressed := suppressed_among(chunk.addresses):
        rows = StagedRow.objects.filter(imported_from=import_id, line__range=(chunk.first_line, chunk.last_line))
        rows.filter(email__in=suppressed).update(suppressed=True)


def judge(import_: Import, lease: Lease) -> dict[str, int]:
    """The dry run: what would become of each row. Rows that must not be written leave the stage with their reason.

    Returns counts: rows, new, changed, unchanged, invalid, duplicate, conflict, suppressed. Raises LeaseLost.
    """
    length = LEASE + timedelta(seconds=import_.rows_done / 10_000)  # for the one long statement
    lease.renew(length)
    _analyze()
    counts = dict.fromkeys((*ImportRow.Outcome.values, "suppressed"), 0)
    with connection.chunked_cursor() as cursor:
        bounds = {"import": import_.pk, "after": 0, "upto": import_.line_done}
        cursor.execute(statement("check", import_.update_policy), bounds)
        while rows := cursor.fetchmany(CHUNK):
            for _, outcome, _, number, suppressed in (row for row in rows if row[0] is None):
                counts |= {outcome: number, "suppressed": counts["suppressed"] + suppressed}
            _set_aside(lease, [(line, outcome, first) for line, outcome, first, *_ in rows if line is not None])
            lease.renew(length)
    counts |= {outcome: number for outcome, number in outcomes(import_.pk).items() if outcome in ImportRow.PROBLEMS}
    return {"rows": sum(number for name, number in counts.items() if name != "suppressed"), **counts}


def _set_aside(lease: Lease, problems: list[tuple[int, str, int | None]]) -> None:
    with lease.transaction():
        lease.renew()
        _record(lease.pk, [(line, outcome, _reason(first)) for line, outcome, first in problems])
        with connection.cursor() as cursor:
            lines = [line for line, *_ in problems]
            cursor.execute(queries("segments", "importing")["drop_staged"], {"import": lease.pk, "lines": lines})


def _reason(first_line: int | None) -> str:
    return DUPLICATE.format(first_line) if first_line else CONFLICT


def _record(import_id: int, problems: list[tuple[int, str, str]]) -> None:
    with connection.cursor() as cursor, cursor.copy(queries("segments", "importing")["copy_problems"]) as copy:
        for line, outcome, reason in problems:
            copy.write_row((import_id, line, outcome, reason[:_MAX_REASON]))


def _analyze() -> None:
    """The planner must know what has just been staged, or it compares a million rows one by one."""
    with connection.cursor() as cursor:
        cursor.execute(queries("segments", "importing")["analyze"])
