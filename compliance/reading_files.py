"""Reading a file of addresses to suppress: one a line, or CSV with columns that say why, how far and since when."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import BinaryIO

from django.utils.translation import gettext as _

from compliance.models import Reason, Scope
from config.lib.addresses import InvalidAddress, normalise_email
from segments.importing.reading import Record, UnreadableFile, records
from segments.importing.sniffing import delimiter_of, encoding_of

MAX_BYTES = 5 << 20
MAX_LINES = 50_000
_COLUMNS = {
    "address": {"address", "email", "e-mail", "mail", "email address", "e-mail address", "recipient"},
    "reason": {"reason", "why", "type"},
    "scope": {"scope"},
    "date": {"date", "since", "created", "created_at", "created at"},
}
_REASONS = {
    Reason.UNSUBSCRIBED: {"unsubscribed", "unsubscribe", "opt-out", "optout", "opted out"},
    Reason.COMPLAINED: {"complained", "complaint", "spam", "spam complaint", "abuse"},
    Reason.BOUNCED: {"bounced", "bounce", "hard bounce", "hard_bounce", "hardbounce"},
    Reason.MANUAL: {"manual", "blocked", "suppressed"},
}
_REASON_OF = {word: reason for reason, words in _REASONS.items() for word in words}
Where = tuple[Scope, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One address in its normal form, and what is to be laid for it. `since`: an ISO day, or nothing."""

    address: str
    scope: Scope
    scope_id: int
    reason: Reason
    since: str = ""


@dataclass
class Found:
    """What a file says. `problems`: (line, why it is left out). `counts`: rows, duplicate, invalid."""

    lines: list[Line] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Defaults:
    """What holds where a line says nothing; `where_of` turns the words of a scope into one, or nothing."""

    where: Where
    reason: Reason
    where_of: Callable[[str], Where | None]
    today: date


def read(stream: BinaryIO, defaults: Defaults) -> Found:
    """Everything in it. Raises UnreadableFile for what is no such file, or too long."""
    encoding = encoding_of(stream)
    stream.seek(0)
    head = stream.read(1 << 16).decode(encoding, "replace").splitlines(keepends=True)[:20]
    stream.seek(0)
    rows = records(stream, encoding, delimiter_of(head))
    first = next(rows, None)
    if first is None:
        raise UnreadableFile(_("The file is empty."))
    columns = _columns(first)
    body = rows if columns else _with(first, rows)
    return _found(body, columns or {"address": 0}, defaults)


def _with(first: Record, rows: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rows


def _columns(first: Record) -> dict[str, int]:
    """Which column is what; nothing when the file begins with an address."""
    names = [cell.strip().lower() for cell in first.cells]
    if any("@" in name for name in names):
        if len(names) > 1:
            raise UnreadableFile(_("Put a line of column names above the first address: address, reason, scope, date."))
        return {}
    found = {key: at for at, name in reversed(list(enumerate(names))) for key, known in _COLUMNS.items()
             if name in known}  # fmt: skip
    if "address" not in found:
        raise UnreadableFile(_("No column is called address or email. Name it so in the first line."))
    return found


def _found(rows: Iterator[Record], columns: dict[str, int], defaults: Defaults) -> Found:
    found, seen = Found(), dict[tuple[str, Scope, int, Reason], int]()
    for record in islice(rows, MAX_LINES + 1):
        found.counts["rows"] += 1
        try:
            line = _line(record, columns, defaults)
        except ValueError as error:
            found.counts["invalid"] += 1
            found.problems.append((record.line, str(error)))
            continue
        earlier = seen.setdefault((line.address, line.scope, line.scope_id, line.reason), record.line)
        if earlier != record.line:
            found.counts["duplicate"] += 1
            found.problems.append((record.line, _("The same stands in line %(line)d.") % {"line": earlier}))
        else:
            found.lines.append(line)
    if found.counts["rows"] > MAX_LINES:
        raise UnreadableFile(_("The file has more than %(n)d lines: cut it into several.") % {"n": MAX_LINES})
    return found


def _line(record: Record, columns: dict[str, int], defaults: Defaults) -> Line:
    """Raises ValueError with why it is left out; never with the address in it."""
    if record.problem:
        raise ValueError(record.problem)
    cells = {name: _cell(record.cells, at) for name, at in columns.items()}
    try:
        address = normalise_email(cells["address"])
    except InvalidAddress as error:
        raise ValueError(error.detail) from None
    scope, scope_id = _where(cells.get("scope", ""), defaults)
    return Line(address, scope, scope_id, _reason(cells.get("reason", ""), defaults),
                _since(cells.get("date", ""), defaults.today))  # fmt: skip


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at].strip() if at < len(cells) else ""


def _where(words: str, defaults: Defaults) -> Where:
    where = defaults.where_of(words) if words else defaults.where
    if where is None:
        raise ValueError(_("No such scope: write global, or the id of a brand or a list."))
    return where


def _reason(words: str, defaults: Defaults) -> Reason:
    reason = _REASON_OF.get(words.lower()) if words else defaults.reason
    if reason is None:
        raise ValueError(_("No such reason: write unsubscribed, complained, bounced or manual."))
    return reason


def _since(words: str, today: date) -> str:
    if not words:
        return ""
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        raise ValueError(_("No such day: write it as 2026-01-31.")) from None
    day = (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    if day > today:
        raise ValueError(_("The day is still to come."))
    return day.isoformat()
