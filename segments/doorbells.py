"""Who wants to know at once that events came in: plug-ins named in settings.EVENT_DOORBELLS.

A bell is for speed. What must not be missed is found in the log, by whoever looks for it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from config.lib.registry import Registry


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was committed: rows of the log, their event types, and the contacts that they named."""

    raw_event_ids: tuple[int, ...]
    event_types: frozenset[str]
    contact_ids: frozenset[int]


class EventDoorbell(ABC):
    """Rings after the commit, such as a Celery task. One class and one settings line."""

    kind: ClassVar[str]

    @abstractmethod
    def ring(self, arrival: Arrival) -> None:
        """Tell whoever waits. What it raises is logged and harms nobody."""


DOORBELLS: Registry[EventDoorbell] = Registry("EVENT_DOORBELLS", EventDoorbell)  # type: ignore[type-abstract]
