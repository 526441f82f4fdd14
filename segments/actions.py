"""What can be done to contacts that are ticked, beyond lists: plug-ins named in settings.CONTACT_ACTIONS."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest
from django_stubs_ext import StrOrPromise

from config.lib.registry import Registry


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words, and where it is seen; blank: where one was."""

    words: StrOrPromise
    url: str = ""


class ContactAction(ABC):
    """A button of the bar. `question`: what it means, asked before; `fields`: a template with more to ask there."""

    kind: ClassVar[str]
    label: ClassVar[StrOrPromise]
    need: ClassVar[str]
    question: ClassVar[StrOrPromise] = ""
    fields: ClassVar[str] = ""
    dangerous: ClassVar[bool] = False

    @abstractmethod
    def carry_out(self, contact_ids: Sequence[int], request: HttpRequest) -> Done:
        """Do it to these people, and say so in the audit log."""


ACTIONS: Registry[ContactAction] = Registry("CONTACT_ACTIONS", ContactAction)  # type: ignore[type-abstract]
