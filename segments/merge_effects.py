"""What a merge of two contacts means to the floors above: plug-ins named in settings.MERGE_EFFECTS."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from config.lib.registry import Registry


@dataclass(frozen=True, slots=True)
class Merge:
    """Two contacts that are becoming one. `email` is the address that stays, `given_up` the one that does not."""

    kept_id: int
    gone_id: int
    email: str | None
    given_up: str | None
    at: datetime
    actor_id: int | None = None


class MergeEffect(ABC):
    """One consequence of a merge, such as that opt-outs hold for what stays. One class and one settings line."""

    kind: ClassVar[str]

    @abstractmethod
    def apply(self, merge: Merge) -> Mapping[str, int] | None:
        """Write what follows, inside the transaction of the merge; how many of what went over, to be told later."""


EFFECTS: Registry[MergeEffect] = Registry("MERGE_EFFECTS", MergeEffect)  # type: ignore[type-abstract]
