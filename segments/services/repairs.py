"""What is done about events in quarantine: let in as they are, let in by a wider schema, or dropped.

Each keeps its event_id, so what its sender has mended meanwhile and sent again is a duplicate, not a second event.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from segments.errors import NotRepairable
from segments.events.widening import widened
from segments.models import EventType, QuarantinedEvent, Source
from segments.services.event_types import add_version, register_event_type
from segments.services.ingest import ingest
from segments.services.quarantine import Sender, opened

State, Asked = QuarantinedEvent.State, QuarantinedEvent.Asked
_OF_PROPERTIES = ("unknown_property", "missing_property", "wrong_type", "invalid_value")
_JUDGED_BY = 500  # events of a group that its wider schema is made from
_AT_ONCE = 200


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


@dataclass(frozen=True, slots=True)
class Proposal:
    """What accepting a group would do: the event type (None: a new one of this name) and its schema before and after.

    The schemas differ in nothing when what is registered by now lets them in already.
    """

    name: str
    event_type: EventType | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


def proposal(group: QuerySet[QuarantinedEvent]) -> Proposal:
    """By the events of a group (one type, one code, one pointer), or the newest of very many. Raises NotRepairable."""
    name, event_type, before, schema = "", None, None, None
    for kept in group.order_by("-pk")[:_JUDGED_BY]:
        if not is_acceptable(kept.code, kept.pointer):
            raise NotRepairable
        found, properties = _told(opened(kept))
        if not name:
            event_type = EventType.objects.select_related("current").filter(name=found).first()
            before = schema = event_type.current.schema if event_type and event_type.current else None
        name = found
        schema = widened(schema, properties, at_fault=_property_at_fault(kept))
    if schema is None:
        raise NotRepairable
    return Proposal(name, event_type, before, schema)


def is_acceptable(code: str, pointer: str) -> bool:
    """Whether it is its type or its properties that were not let in: a wider schema would."""
    return code == "unknown_type" or (code in _OF_PROPERTIES and pointer.startswith("/properties/"))


@transaction.atomic
def accept_group(group: QuerySet[QuarantinedEvent], *, by: User | None) -> Proposal:
    """Make the registry let a group in, by one new version or one new event type, and ask for all to be replayed.

    Raises NotRepairable.
    """
    found = proposal(group)
    if found.event_type is None:
        register_event_type(name=found.name, schema=found.after, by=by)
    else:
        add_version(found.event_type, schema=found.after, by=by)
    ask(group, Asked.REPLAY, by=by)
    return found


def ask(group: QuerySet[QuarantinedEvent], verb: QuarantinedEvent.Asked, *, by: User | None) -> int:
    """Have workers replay or drop all of them. How many."""
    return group.filter(state=State.WAITING).update(asked=verb, asked_by_id=by.pk if by else None)


def carry_out_asked(*, at: datetime, seconds: float) -> int:
    """Do what is asked for those that wait, for so long; what is not let in waits on. How many are settled."""
    settled, until = 0, monotonic() + seconds
    while monotonic() < until and (some := list(_asked()[:_AT_ONCE])):
        settled += drop((one for one in some if one.asked == Asked.DROP), at=at)
        settled += sum(_replayed(one, at) for one in some if one.asked == Asked.REPLAY)
    return settled


def waiting_for_workers() -> int:
    """How many are to be repaired yet."""
    return _asked().count()


def _asked() -> QuerySet[QuarantinedEvent]:
    return QuarantinedEvent.objects.filter(state=State.WAITING).exclude(asked="").order_by("pk")


def _replayed(kept: QuarantinedEvent, at: datetime) -> bool:
    try:
        done = replay(kept, at=at).state == State.REPLAYED
    except NotRepairable:  # or another worker was quicker
        done = False
    if not done:
        QuarantinedEvent.objects.filter(pk=kept.pk).update(asked="")
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
