"""What a contact's page tells of the past: plug-ins named in settings.TIMELINE_SOURCES."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django_stubs_ext import StrOrPromise

from config.lib.registry import Registry
from segments.models import Contact

PAGE = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to somebody, in words; `detail` is said more quietly."""

    at: datetime
    words: StrOrPromise
    detail: StrOrPromise = ""
    url: str = ""
    icon: str = "history"


class TimelineSource(ABC):
    """A kind of past. `need`: what one needs to see it. One class and one settings line."""

    kind: ClassVar[str]
    label: ClassVar[StrOrPromise]
    need: ClassVar[str]

    @abstractmethod
    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        """The last ones before a time, as many as `limit`, by indexes. `ids`: by which the logs know the contact."""


SOURCES: Registry[TimelineSource] = Registry("TIMELINE_SOURCES", TimelineSource)  # type: ignore[type-abstract]


def timeline(
    contact: Contact, ids: Sequence[int], *, may: Callable[[str], bool], before: datetime, limit: int = PAGE,
    only: str = "",
) -> tuple[list[Moment], bool]:  # fmt: skip
    """(what happened, the latest first; whether there is more before the last of it). None of an instant is cut off.

    `only`: the kind of source that is asked; blank: all of them.
    """
    sources = [source() for source in SOURCES if may(source.need) and only in ("", source.kind)]
    found = [one for source in sources for one in source.moments(contact, ids, before=before, limit=limit + 1)]
    found.sort(key=lambda one: one.at, reverse=True)
    shown = [one for one in found if one.at >= found[min(limit, len(found)) - 1].at]
    return shown, len(shown) < len(found)
