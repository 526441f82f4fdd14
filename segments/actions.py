"""What can be done to many contacts: plug-ins named in settings.CONTACT_ACTIONS, carried out as bulk jobs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

from config.lib.registry import Registry


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: the bulk job, what was given beside it (`read`), by whom, and the time now."""

    job_id: int
    given: Mapping[str, Any]
    by: int | None
    at: datetime


class ContactAction(ABC):
    """A button of the bar. `question`: what it means, asked before; `fields`: a template with more to ask there.

    `undoable`: it can be taken back. `commits`: it writes transactions of its own, so a stretch that is repeated after
    a crash must be harmless. `alone`: the page of one contact offers it, too. `anywhere`: every list of contacts does.
    """

    kind: ClassVar[str]
    label: ClassVar[StrOrPromise]
    need: ClassVar[str]
    question: ClassVar[StrOrPromise] = ""
    fields: ClassVar[str] = ""
    dangerous: ClassVar[bool] = False
    undoable: ClassVar[bool] = False
    commits: ClassVar[bool] = False
    alone: ClassVar[bool] = False
    anywhere: ClassVar[bool] = True

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What was given beside it, checked, as JSON. Raises DomainError: then nothing is begun."""
        return {}

    def begin(self, order: Order) -> str:
        """Once, when all people are chosen. A path: it is carried on there, and this job is over."""
        return ""

    @abstractmethod
    def carry_out(self, contact_ids: Sequence[int], order: Order) -> Mapping[int, Any]:
        """Do it to a stretch of people; those it changed, each with what taking it back needs (JSON or None)."""

    def take_back(self, before: Mapping[int, Any], order: Order) -> int:
        """Undo it for people it changed, but for what was changed again since; for how many it was undone."""
        raise NotImplementedError

    def said(self, given: Mapping[str, Any], *, changed: int, total: int) -> str:
        """What was done, in words."""
        words = ngettext("%(n)d contact is changed.", "%(n)d contacts are changed.", changed)
        return words % {"n": changed}


ACTIONS: Registry[ContactAction] = Registry("CONTACT_ACTIONS", ContactAction)  # type: ignore[type-abstract]
