"""What is done about events in quarantine: let in as they are, let in by a wider schema, or dropped.

Each keeps its event_id, so what its sender has mended meanwhile and sent again is a duplicate, not a second event.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from segments.errors import NotRepairable
from segments.events.widening import widened
from segments.models import EventType, QuarantinedEvent, Source
from segments.services.event_types import add_version, register_event_type
from segments.services.ingest import ingest
from segments.services.quarantine import Sender, opened

State = QuarantinedEvent.State


def replay(kept: QuarantinedEvent, *, at: datetime) -> QuarantinedEvent:
    """Judge it again, by the registry as it is now, as of when it came in.

    Let in, it is settled; else it stays and says what is wrong now. Raises NotRepairable.
    """
    with transaction.atomic():
        kept = _locked(kept)
        item, sender = opened(kept), Sender(Source(kept.source), kept.write_key_id)
        kept.settle(State.REPLAYED, at=at)  # else what it becomes again would meet itself
        [outcome] = ingest([item], sender, at=kept.received_at)
        if outcome.refusal:
            transaction.set_rollback(True)
    if outcome.refusal:
        _tell(kept, outcome.refusal)
    kept.refresh_from_db()
    return kept


def _tell(kept: QuarantinedEvent, refusal: Any) -> None:
    QuarantinedEvent.objects.filter(pk=kept.pk).update(
        code=refusal.code, pointer=refusal.pointer or "", detail=refusal.detail[:500]
    )


@transaction.atomic
def accept(kept: QuarantinedEvent, *, by: User | None, at: datetime) -> QuarantinedEvent:
    """Make the registry let it in, by a new version of its event type or a new event type, and replay it.

    Raises NotRepairable when it is not its type or its properties that are wrong; then nothing has changed.
    """
    kept = _locked(kept)
    name, properties = _told(opened(kept))
    event_type = EventType.objects.select_related("current").filter(name=name).first()
    before = event_type.current.schema if event_type and event_type.current else None
    schema = widened(before, properties, at_fault=_property_at_fault(kept))
    if event_type is None:
        register_event_type(name=name, schema=schema, by=by)
    else:
        add_version(event_type, schema=schema, by=by)
    done = replay(kept, at=at)
    if done.state != State.REPLAYED:
        raise NotRepairable(f"It is not let in by its properties: {done.pointer or 'it'} {done.detail}.")
    return done


def _told(item: Any) -> tuple[str, Mapping[str, Any]]:
    name, properties = (item.get("event_type"), item.get("properties") or {}) if isinstance(item, dict) else (None, {})
    if not isinstance(name, str) or not isinstance(properties, dict):
        raise NotRepairable
    return name, properties


def _property_at_fault(kept: QuarantinedEvent) -> str:
    """The name in a pointer below /properties."""
    _, head, *rest = [*kept.pointer.split("/"), "", ""]
    return rest[0].replace("~1", "/").replace("~0", "~") if head == "properties" else ""


def drop(rows: Iterable[QuarantinedEvent], *, at: datetime) -> int:
    """Give them up: what they said is removed. How many there were."""
    ids = [one.pk for one in rows]
    waiting = QuarantinedEvent.objects.filter(pk__in=ids, state=State.WAITING)
    return waiting.update(state=State.DROPPED, sealed=None, settled_at=at)


def _locked(kept: QuarantinedEvent) -> QuarantinedEvent:
    return QuarantinedEvent.objects.select_for_update().get(pk=kept.pk)
