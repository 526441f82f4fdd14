"""The writing of one delivery of events, in sets. Statements and their order of locks: sql/events.sql."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from config.lib.sql import Statements
from segments.doorbells import Arrival
from segments.errors import RefusedEvent
from segments.events.judging import Event
from segments.events.spelling import ALIASED, snake
from segments.models import Attribute, Contact, Visitor, WriteKey
from segments.selectors.identity import present_ids
from segments.services.attribute_writers import note_writer
from segments.services.quarantine import Sender
from segments.services.rollups import roll
from segments.services.traits import apply_traits

_SQL = Statements("segments", "events")


class Batch:
    """One delivery, inside its transaction. `arrival` is what of it was new."""

    def __init__(self, sender: Sender, at: datetime) -> None:
        self.sender = sender
        self.at = at
        self.refused: dict[UUID, RefusedEvent] = {}
        self.arrival: Arrival | None = None

    def write(self, events: Sequence[Event]) -> dict[UUID, RefusedEvent | bool]:
        """By event id: whether it is new, or why it cannot be taken after all."""
        first: dict[UUID, Event] = {}
        for event in events:
            first.setdefault(event.event_id, event)
        new: set[UUID] = set()
        if first:
            _SQL.count("together")
            people = _contact_ids({event.user_id for event in events if event.user_id})
            if fresh := self._fresh(first, people):
                new = self._write_fresh(fresh, people)
        return {event_id: self.refused.get(event_id) or event_id in new for event_id in first}

    def _fresh(self, events: Mapping[UUID, Event], people: Mapping[Any, int]) -> list[Event]:
        """Without the duplicates, when there is something to write or ask of people: that is done once as well.

        Else the keys alone tell what is new.
        """
        if not any(_concerns_people(event, people) for event in events.values()):
            return list(events.values())
        seen = {row[0] for row in _SQL.rows("seen", ids=list(events))}
        return [event for event_id, event in events.items() if event_id not in seen]

    def _write_fresh(self, fresh: Sequence[Event], known: Mapping[Any, int]) -> set[UUID]:
        people = self._people(fresh, known)
        keys = [event.event_id for event in fresh if event.event_id not in self.refused]
        new = {row[0] for row in _SQL.rows("keys", ids=keys, at=self.at)}
        events = [event for event in fresh if event.event_id in new]
        if events:
            self._log(events, people, self._visitors(events))
        return new

    def _people(self, events: Sequence[Event], known: Mapping[Any, int]) -> dict[Any, int]:
        """Contact ids by user_id, and by event id for those that only traits name. People not yet known are made."""
        people = dict(known)
        for event in sorted((e for e in events if e.traits), key=lambda e: (e.user_id or "", e.occurred_at)):
            try:
                people[event.user_id or event.event_id] = apply_traits(event, self.sender.source)
            except RefusedEvent as refusal:
                self.refused[event.event_id] = refusal
        if told := {form for event in events for trait in event.traits or () for form in (trait, snake(trait))}:
            note_writer(told, Attribute.Writer.EVENTS, self._sender_name())
        self._refuse_merging([event for event in events if event.type.name == ALIASED])
        named = {event.user_id for event in events if event.user_id and event.event_id not in self.refused}
        if missing := named - people.keys():
            _SQL.count("people", ids=sorted(missing))
            people |= _contact_ids(missing)
        return people

    def _sender_name(self) -> str:
        key = WriteKey.objects.filter(pk=self.sender.write_key_id or 0).first()
        return str(key.name if key else self.sender.source)

    def _refuse_merging(self, aliases: Sequence[Event]) -> None:
        """An alias makes an anonymous visitor a person; two people are made one by somebody who looked at both."""
        known = _contact_ids({event.anonymous_id for event in aliases if event.anonymous_id})
        for event in aliases:
            if event.anonymous_id in known and event.anonymous_id != event.user_id:
                refusal = RefusedEvent("identity_conflict", "is a contact of its own: merge the two", "/previous_id")
                self.refused[event.event_id] = refusal

    def _visitors(self, events: Iterable[Event]) -> dict[str, int]:
        keys = sorted({event.anonymous_id for event in events if event.anonymous_id})
        if not keys:
            return {}
        _SQL.count("visitors", keys=keys)
        return dict(Visitor.objects.filter(key__in=keys).values_list("key", "pk"))

    def _log(self, events: Sequence[Event], people: Mapping[Any, int], visitors: Mapping[str, int]) -> None:
        rows = [_row(event, people, visitors) for event in events]
        told = {"at": self.at, "source": self.sender.source, "write_key": self.sender.write_key_id}
        (ids,) = _SQL.row("log", events=orjson.dumps(rows).decode(), **told)
        links: list[tuple[int, int]] = []
        if any(row["contact_id"] and row["visitor_id"] for row in rows):
            links = _SQL.rows("link", ids=ids, at=self.at)
        roll(ids, links=[link for link, _ in links], visitors=sorted({one for _, one in links}), since=self.at)
        named = {row["contact_id"] for row in rows if row["contact_id"]}
        self.arrival = Arrival(tuple(ids), frozenset(event.type.name for event in events), frozenset(named))


def _concerns_people(event: Event, people: Mapping[Any, int]) -> bool:
    return (
        bool(event.traits) or event.type.name == ALIASED or (event.user_id is not None and event.user_id not in people)
    )


def _contact_ids(user_ids: Iterable[str]) -> dict[Any, int]:
    """Contacts by external_id, also by one that was given up in a merge."""
    wanted = set(user_ids)
    if not wanted:
        return {}
    found = dict(Contact.objects.filter(external_id__in=wanted).values_list("external_id", "pk"))
    return found | present_ids(wanted - found.keys()) if wanted - found.keys() else found


def _row(event: Event, people: Mapping[Any, int], visitors: Mapping[str, int]) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "event_type_id": event.type.pk,
        "version_id": event.type.version_id,
        "occurred_at": event.occurred_at,
        "claimed_at": event.claimed_at,
        "is_early": event.is_early,
        "contact_id": people.get(event.user_id or event.event_id),
        "visitor_id": visitors.get(event.anonymous_id or ""),
        "session_id": event.session_id,
        "properties": event.properties,
        "context": event.context,
    }
