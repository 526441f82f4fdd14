"""JSON Lines as an import reads them (https://jsonlines.org): an object a line, nested ones as columns with dots.

`{"email": "a@example.com", "attributes": {"plan": "pro"}}` has the columns `email` and `attributes.plan`. A value
becomes the text that a CSV file would hold, so what is done to it afterwards is the same. An array with an object a
line, as we export it as JSON, is read as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

import orjson

from segments.importing.reading import MAX_LINE, Record, UnreadableFile

DEEPEST = 5  # columns; what is nested deeper is kept as JSON
_BOM = b"\xef\xbb\xbf"
_NO_OBJECT = 'is no JSON object in UTF-8: each line is one, such as {"email": "ana@example.com"}'


def are_json(head: bytes) -> bool:
    """Whether a file that begins so is meant as JSON Lines, or as an array with an object a line."""
    return head.removeprefix(_BOM).lstrip().removeprefix(b"[").lstrip()[:1] == b"{"


def json_records(stream: BinaryIO, columns: Sequence[str], *, after_line: int = 0) -> Iterator[Record]:
    """The records behind `after_line`, their cells in the order of `columns`; or why a line has none."""
    for line, raw in _lines(stream):
        if line > after_line:
            try:
                found = flat(_object(raw))
            except ValueError as error:
                yield Record(line, [], str(error))
            else:
                yield Record(line, [found.get(name, "") for name in columns])


def columns_of(stream: BinaryIO, max_columns: int) -> list[str]:
    """Every column of the file, in the order in which they come up. Raises UnreadableFile for too many, and for none.

    All of the file is looked at: what a later line alone has must not be lost.
    """
    found: dict[str, None] = {}
    shapes: set[Any] = set()
    for _line, raw in _lines(stream):
        try:
            item = _object(raw)
        except ValueError:
            continue
        if (shape := _shape(item)) not in shapes:
            if len(shapes) < 10_000:
                shapes.add(shape)
            found |= dict.fromkeys(flat(item))
            if len(found) > max_columns:
                raise UnreadableFile(f"Its objects have over {max_columns:,} fields; at most so many can be imported.")
    if not found:
        raise UnreadableFile("No line of the file is a JSON object.")
    return list(found)


def sample_of(stream: BinaryIO, columns: Sequence[str], number: int) -> list[Record]:
    """The first records, by which types are guessed."""
    return list(islice((one for one in json_records(stream, columns) if not one.problem), number))


def flat(item: Mapping[str, Any]) -> dict[str, str]:
    """{column: text}; null and empty are blank."""
    found: dict[str, str] = {}
    _flatten(item, "", 1, found)
    return found


def _flatten(item: Mapping[str, Any], place: str, depth: int, found: dict[str, str]) -> None:
    for name, value in item.items():
        column = f"{place}{name}"
        if isinstance(value, dict) and depth < DEEPEST:
            _flatten(value, f"{column}.", depth + 1, found)
        else:
            found[column] = value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    return "" if value in (None, [], {}) else orjson.dumps(value).decode()


def _object(raw: bytes) -> dict[str, Any]:
    """Raises ValueError, saying what is wrong."""
    if len(raw) > MAX_LINE:
        raise ValueError(f"is longer than {MAX_LINE:,} bytes")
    try:
        item = orjson.loads(raw.rstrip(b"\r\n ,"))
    except orjson.JSONDecodeError:
        raise ValueError(_NO_OBJECT) from None
    if not isinstance(item, dict):
        raise ValueError(_NO_OBJECT)  # noqa: TRY004 - of the line, not of our code
    return item


def _shape(item: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((name, _shape(value)) if isinstance(value, dict) else name for name, value in item.items())


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number, line) of those that hold something; of one that is too long, its beginning."""
    stream.seek(0)
    for number, raw in enumerate(iter(partial(stream.readline, MAX_LINE + 1), b""), 1):
        line = raw.removeprefix(_BOM) if number == 1 else raw
        while raw and len(raw) > MAX_LINE and not raw.endswith(b"\n"):
            raw = stream.readline(MAX_LINE + 1)  # noqa: PLW2901 - the rest of the line
        if line.strip() not in (b"", b"[", b"]"):
            yield number, line
