"""Keeping what was not let in, until it is repaired, dropped or forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from config.lib.sql import Statements
from config.lib.tokens import seal_bytes, unseal_bytes
from segments.errors import NotRepairable, RefusedEvent
from segments.events.judging import type_name
from segments.events.reading import Unreadable
from segments.events.spelling import read_uuid
from segments.models import QuarantinedEvent, Source

_SQL = Statements("segments", "events")
_SEAL = "quarantined event"
NEVER_JSON = ("malformed", "too_deep")  # codes of what was no JSON, or more of it than we write


@dataclass(frozen=True, slots=True)
class Sender:
    """Through what a delivery came."""

    source: Source
    write_key_id: int | None = None


def keep(refused: Sequence[tuple[RefusedEvent, Any]], sender: Sender, at: datetime) -> None:
    """Keep what was not let in, sealed, in the caller's transaction. Repeated, it is kept once."""
    if not refused:
        return
    kept = [_kept(item) for _, item in refused]
    values: dict[str, Any] = {
        "event_ids": [read_uuid(item.get("event_id")) if isinstance(item, Mapping) else None for _, item in refused],
        "event_types": [type_name(item) for _, item in refused],
        "codes": [refusal.code for refusal, _ in refused],
        "pointers": [refusal.pointer or "" for refusal, _ in refused],
        "details": [refusal.detail[:500] for refusal, _ in refused],
        "sizes": [len(one) for one in kept],
        "sealed": [seal_bytes(_SEAL, one) for one in kept],
        "source": sender.source,
        "write_key": sender.write_key_id,
        "at": at,
    }
    _SQL.count("quarantine", **values)


def _kept(item: Any) -> bytes:
    return item.raw if isinstance(item, Unreadable) else _dumped(item)


def _dumped(item: Any) -> bytes:
    try:
        return orjson.dumps(item)
    except orjson.JSONEncodeError:  # nested more deeply than it writes
        return repr(item).encode(errors="replace")


def opened(kept: QuarantinedEvent) -> Any:
    """The event as it came. Raises NotRepairable for what was never JSON, or is settled."""
    if kept.sealed is None or kept.code in NEVER_JSON:
        raise NotRepairable
    return orjson.loads(unseal_bytes(_SEAL, bytes(kept.sealed)))


def forget(*, before: datetime) -> int:
    """Remove what came in before: nobody repaired it in time. How many there were."""
    return QuarantinedEvent.objects.filter(received_at__lt=before).delete()[0]
