"""Records of a CSV file with the line each begins on, read as a stream within limits."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, NamedTuple

from config.lib.errors import DomainError

MAX_LINE = 1 << 20  # characters, of one physical line and of one cell

csv.field_size_limit(MAX_LINE)


class UnreadableFile(DomainError):
    """This file cannot be read as CSV."""

    code = "unreadable_file"
    status = 422


class Record(NamedTuple):
    """The cells of one record, or why it has none. `line` is where it begins; the header begins on line 1."""

    line: int
    cells: list[str]
    problem: str = ""


def records(stream: BinaryIO, encoding: str, delimiter: str, *, after_line: int = 0) -> Iterator[Record]:
    """The records that begin behind `after_line`, without blank ones.

    Raises UnreadableFile where no further line can be trusted: wrong encoding, a quote without end, an endless line.
    """
    with as_text(stream, encoding) as text:
        yield from _records(_lines(text), delimiter, after_line)


@contextmanager
def as_text(stream: BinaryIO, encoding: str, errors: str = "strict") -> Iterator[io.TextIOWrapper]:
    """The stream decoded, line ends as they are; it stays open. Raises UnreadableFile for the wrong encoding."""
    text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
    try:
        yield text
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else error
        raise UnreadableFile(
            f"The file is not in {encoding} ({reason}). Save it as UTF-8, or choose the encoding it is in."
        ) from None
    finally:
        if not stream.closed:
            text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    for number, line in enumerate(iter(partial(text.readline, MAX_LINE + 1), ""), 1):
        if len(line) > MAX_LINE:
            raise UnreadableFile(
                f"Line {number} is longer than {MAX_LINE:,} characters: this is no CSV file of people."
            )
        yield line


def _records(lines: Iterator[str], delimiter: str, after_line: int) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells, problem = [], _broken(error, line)
            if line > after_line:
                yield Record(line, cells, problem)
            continue
        if line > after_line and any(cells):
            yield Record(line, cells)


def _broken(error: csv.Error, line: int) -> str:
    if "unexpected end of data" in str(error) or "field larger" in str(error):
        raise UnreadableFile(
            f'A quote (") opens in line {line} and is not closed within {MAX_LINE:,} characters. Close or remove it.'
        ) from None
    return 'A quoted cell goes on after its closing quote ("): write a quote inside a cell twice.'
