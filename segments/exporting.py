"""Contacts to CSV, XLSX, JSON and JSON Lines as a stream of chunks, suppressed addresses marked or left out (A3.7)."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, BinaryIO

import orjson
from django.db.models import QuerySet
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from segments.formulas import defused
from segments.models import Contact
from segments.resources import ContactResource
from segments.suppressed import suppressed_among

CHUNK = 2000
Row = list[Any]
_ATTRIBUTE = "attribute:"  # before the name, in the header
_LINE = orjson.OPT_APPEND_NEWLINE


def export(people: QuerySet[Contact], out: BinaryIO, *, format: str, exclude_suppressed: bool = False) -> int:  # noqa: A002
    """Write people in a format of FORMATS; how many rows."""
    resource = ContactResource()
    written = 0

    def counted() -> Iterator[Row]:
        nonlocal written
        for row in rows(people, resource, exclude_suppressed=exclude_suppressed):
            written += 1
            yield row

    FORMATS[format](resource.get_export_headers(), counted(), out)
    return written


def rows(people: QuerySet[Contact], resource: ContactResource, *, exclude_suppressed: bool = False) -> Iterator[Row]:
    """A row of plain values for each contact, in the order of the resource's headers."""
    found = resource.iter_queryset(people)
    while chunk := list(islice(found, CHUNK)):
        suppressed = suppressed_among({c.email: c.email_key for c in chunk if c.email and c.email_key is not None})
        for contact in chunk:
            contact.suppressed = contact.email in suppressed
            if not (contact.suppressed and exclude_suppressed):
                yield resource.export_resource(contact)


def csv_lines(header: Sequence[str], found: Iterable[Row]) -> Iterator[str]:
    """Lines of a CSV file whose cells start no formula, for a file or a streamed answer.

    Every cell is quoted, and a byte-order mark comes first: without it Excel does not see UTF-8.
    """
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    for row in _with_header(header, found):
        writer.writerow([defused(as_text(cell)) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def as_text(value: Any) -> str:
    """A value as text that an import reads back as the same value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else str(value)


def _with_header(header: Sequence[str], found: Iterable[Row]) -> Iterator[Sequence[Any]]:
    yield header
    yield from found


def _write_csv(header: Sequence[str], found: Iterable[Row], out: BinaryIO) -> None:
    for line in csv_lines(header, found):
        out.write(line.encode())


def _write_json(header: Sequence[str], found: Iterable[Row], out: BinaryIO) -> None:
    before = b"[\n"
    for row in found:
        known = {name: value for name, value in zip(header, row, strict=True) if value not in (None, "")}
        out.write(before + orjson.dumps(known))
        before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _write_jsonl(header: Sequence[str], found: Iterable[Row], out: BinaryIO) -> None:
    """An object a line, attributes nested; what is not known is left out."""
    nested = [name.removeprefix(_ATTRIBUTE) if name.startswith(_ATTRIBUTE) else "" for name in header]
    for row in found:
        known: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, attribute, value in zip(header, nested, row, strict=True):
            if value not in (None, ""):
                (attributes if attribute else known)[attribute or name] = value
        out.write(orjson.dumps({**known, "attributes": attributes} if attributes else known, option=_LINE))


def _write_xlsx(header: Sequence[str], found: Iterable[Row], out: BinaryIO) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in _with_header(header, found):
        sheet.append([_cell(sheet, value) for value in row])
    book.save(out)


def _cell(sheet: Any, value: Any) -> Any:
    """Numbers, truths and dates as such; all else as text, which a workbook never takes for a formula."""
    if value is None or isinstance(value, bool | int | float | date):
        return value
    cell = WriteOnlyCell(sheet, _xml_text(as_text(value)))
    cell.data_type = "s"
    return cell


def _xml_text(text: str) -> str:
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n\r")[:32_767]


FORMATS: dict[str, Callable[[Sequence[str], Iterable[Row], BinaryIO], None]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "json": _write_json,
    "jsonl": _write_jsonl,
}
