"""What a file is: encoding from its bytes, delimiter and columns from its first records."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from charset_normalizer import from_bytes

from segments.importing.json_lines import are_json, columns_of, sample_of
from segments.importing.reading import MAX_LINE, Record, UnreadableFile, as_text, records

SAMPLE = 1000  # records that types are guessed from
_SAMPLE_BYTES = 4 << 20
_BLOCK = 1 << 20
_DELIMITERS = ",;\t|"
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark begins it
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
}
# Of legacy encodings that fit equally well, the earlier is taken: most files without UTF-8 come from Western Excel.
_LEGACY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "cp949", "big5", "mac_roman", "koi8_r",
)  # fmt: skip


_ADDRESS = re.compile(r"\S+@\S+\.\S+")


@dataclass(frozen=True)
class Sniffed:
    """How the bytes of a file become columns, and its first records."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    sample: list[Record]
    format: str = "csv"

    def values(self, column: str) -> list[str]:
        """What stands in a column of the sample, without blanks."""
        index = self.columns.index(column)
        cells = (record.cells[index].strip() for record in self.sample if len(record.cells) > index)
        return [cell for cell in cells if cell]


def sniff(stream: BinaryIO, *, max_columns: int, encoding: str = "", delimiter: str = "") -> Sniffed:
    """Find out how to read a seekable file; what is given is not guessed.

    Raises UnreadableFile, saying what to do, for anything that is neither a CSV file with a line of column names nor
    JSON Lines.
    """
    stream.seek(0)
    if not (encoding or delimiter) and are_json(stream.read(4096)):
        columns = tuple(columns_of(stream, max_columns))
        return Sniffed("utf-8", "", columns, sample_of(stream, columns, SAMPLE), "jsonl")
    encoding = _known(encoding) if encoding else encoding_of(stream)
    guess = delimiter_of(_head(stream, encoding))
    delimiter = delimiter or guess
    stream.seek(0)
    found = list(_first(records(stream, encoding, delimiter), stream))
    if not found:
        raise UnreadableFile("The file is empty.")
    columns = _columns(found[0], max_columns)
    if len(columns) == 1 and guess != delimiter and guess in columns[0]:
        raise UnreadableFile(
            f"With {delimiter!r} as delimiter the file has one column. It looks separated by {guess!r}."
        )
    if len(found) == 1:
        raise UnreadableFile("The file has a line of column names and no other: there is nobody to import.")
    return Sniffed(encoding, delimiter, columns, found[1:])


def _first(found: Iterator[Record], stream: BinaryIO) -> Iterator[Record]:
    for number, record in enumerate(islice(found, SAMPLE + 1)):
        yield record
        if number and stream.tell() > _SAMPLE_BYTES:
            return


def encoding_of(stream: BinaryIO) -> str:
    """UTF-8 when the whole file is; else by its byte-order mark, its zero bytes, or its letters."""
    stream.seek(0)
    head = stream.read(_BLOCK)
    _refuse_foreign(head)
    for mark, encoding in _BOMS.items():
        if head.startswith(mark):
            return encoding
    if zeros := head[:4096].count(0):
        return _utf16(head, zeros)
    suspects = _not_utf8(stream)
    return _legacy(suspects, stream) if suspects else "utf-8"


def delimiter_of(head: list[str]) -> str:
    """The delimiter that splits the first records into the most columns, most of the time the same number."""
    return max(_DELIMITERS, key=lambda delimiter: _evenness(head, delimiter))


def _evenness(head: list[str], delimiter: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
    except csv.Error:
        return (0.0, 0)
    width, times = Counter(widths).most_common(1)[0] if widths else (0, 0)
    return (times / len(widths), width) if width > 1 else (0.0, 0)


def _head(stream: BinaryIO, encoding: str) -> list[str]:
    stream.seek(0)
    with as_text(stream, encoding, errors="replace") as text:
        return [line for _ in range(20) if (line := text.readline(MAX_LINE))]


def _columns(header: Record, max_columns: int) -> tuple[str, ...]:
    if header.problem:
        raise UnreadableFile(f"Line 1, the column names: {header.problem}")
    if len(header.cells) > max_columns:
        raise UnreadableFile(
            f"The first line has {len(header.cells):,} columns; at most {max_columns:,} can be imported. "
            "Is the delimiter right?"
        )
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(header.cells, 1)]
    if any(_ADDRESS.fullmatch(name) for name in names):
        raise UnreadableFile("The first line holds an address: put a line of column names above it.")
    return tuple(_unlike(names))


def _unlike(names: list[str]) -> Iterator[str]:
    """The names, those that stand there twice numbered."""
    taken: set[str] = set()
    for name in names:
        number, new = 1, name
        while new in taken:
            number += 1
            new = f"{name} ({number})"
        taken.add(new)
        yield new


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise UnreadableFile(f"{encoding!r} is no encoding; choose utf-8, utf-16, cp1252 or another.") from None


def _refuse_foreign(head: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UnreadableFile(f"This is {what}, not CSV. Open it and save it as “CSV UTF-8”.")


def _utf16(head: bytes, zeros: int) -> str:
    odd = head[1:4096:2].count(0)
    if zeros > len(head[:4096]) // 4 and max(odd, zeros - odd) > 0.9 * zeros:
        return "utf-16-le" if odd > zeros - odd else "utf-16-be"
    raise UnreadableFile("The file holds zero bytes, so it is no text. Save it as “CSV UTF-8”.")


def _not_utf8(stream: BinaryIO) -> bytes:
    """Up to 64 KiB of lines with letters beyond ASCII when the file is not UTF-8; nothing when it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        stream.seek(0)
        suspects = (line for line in iter(lambda: stream.readline(_BLOCK), b"") if not line.isascii())
        return b"".join(islice(suspects, 500))[: 1 << 16]
    return b""


def _legacy(suspects: bytes, stream: BinaryIO) -> str:
    fits = [
        (chaos, order, encoding) for order, encoding in enumerate(_LEGACY) if (chaos := _chaos(suspects, encoding)) < 1
    ]
    for _, _, encoding in sorted(fits):
        if _decodes(stream, encoding):
            return encoding
    return "latin-1"


def _chaos(sample: bytes, encoding: str) -> float:
    """How unlike writing the sample looks in this encoding, from 0 to 1."""
    match = from_bytes(sample, cp_isolation=[encoding], enable_fallback=False).best()
    return match.chaos if match else 1.0


def _decodes(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
