"""Files of addresses to suppress: read, shown, applied, erased. Nothing here lifts anything, and no address is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, BinaryIO

from django.db import connection

from compliance.models import Brand, Reason, Scope, SuppressionFile
from compliance.reading_files import Defaults, Line, Where, read
from compliance.services.suppressions import Entry, suppress_many
from config.lib import public_ids
from config.lib.addresses import AddressHash, address_hashes
from config.lib.errors import NotFound
from config.lib.sql import queries
from segments.models import ContactList

KEPT = timedelta(days=1)
_CHUNK = 5000
Held = set[tuple[bytes, str, int, str]]


@dataclass(frozen=True)
class Applied:
    new: int
    already: int


def receive(stream: BinaryIO, *, scope: Scope, scope_id: int, reason: Reason, by: int, at: datetime) -> SuppressionFile:
    """The dry run: what the file would do, with the hashes to do it. Raises UnreadableFile.

    Files that were left lying since before KEPT are erased.
    """
    SuppressionFile.objects.filter(created_at__lt=at - KEPT).delete()
    found = read(stream, Defaults((scope, scope_id), reason, cache(where_of), at.date()))
    entries = [_entry(line) for line in found.lines]
    held = _held(entries)
    already = sum(_keys(entry) <= held for entry in entries)
    counts = {**found.counts, "already": already, "new": len(entries) - already}
    return SuppressionFile.objects.create(
        entries=[_packed(entry) for entry in entries], problems=found.problems, counts=counts, created_by_id=by
    )


def apply(file: SuppressionFile, *, by: int | None, at: datetime) -> Applied:
    """Lay what the file says, then erase it. Broken off, it can be applied again. Raises StillInFlight."""
    entries = [_unpacked(row) for row in file.entries]
    new = suppress_many(entries, source="import", at=at, actor_id=by)
    file.delete()
    return Applied(new, len(entries) - new)


def where_of(words: str) -> Where | None:
    """A scope as a file names it: global, or the public id of a live brand or list."""
    if words.lower() in ("global", "all"):
        return Scope.GLOBAL, 0
    kinds: tuple[tuple[str, Scope, Any], ...] = (("brand", Scope.BRAND, Brand), ("list", Scope.LIST, ContactList))
    for kind, scope, model in kinds:
        try:
            pk = public_ids.decode(kind, words)
        except NotFound:
            continue
        if pk < 1 << 63 and model.objects.filter(pk=pk, archived_at=None).exists():
            return scope, pk
    return None


def _entry(line: Line) -> Entry:
    note = f"since {line.since}" if line.since else ""
    return Entry(tuple(address_hashes(line.address)), line.scope, line.scope_id, line.reason, note)


def _keys(entry: Entry) -> Held:
    return {(one.digest, entry.scope.value, entry.scope_id, entry.reason.value) for one in entry.addresses}


def _held(entries: list[Entry]) -> Held:
    """Everything that is laid already for any of these addresses."""
    keys = [one.key for entry in entries for one in entry.addresses]
    found: Held = set()
    with connection.cursor() as cursor:
        for start in range(0, len(keys), _CHUNK):
            cursor.execute(queries("compliance", "suppressions")["of_keys"], ["email", keys[start : start + _CHUNK]])
            found.update((bytes(row[1]), *row[2:]) for row in cursor)
    return found


def _packed(entry: Entry) -> list[Any]:
    hashes = [[one.key_id, one.digest.hex()] for one in entry.addresses]
    return [hashes, entry.scope, entry.scope_id, entry.reason, entry.note]


def _unpacked(row: Iterable[Any]) -> Entry:
    hashes, scope, scope_id, reason, note = row
    addresses = tuple(AddressHash(key_id, bytes.fromhex(digest)) for key_id, digest in hashes)
    return Entry(addresses, Scope(scope), scope_id, Reason(reason), note)
