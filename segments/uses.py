"""Who uses a segment: other segments, and what upper floors name through settings.SEGMENT_USES."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from config.lib.registry import Registry


@dataclass(frozen=True)
class Use:
    """One thing that stands on a segment: its kind, name and public id."""

    kind: str
    name: str
    public_id: str


class SegmentUse(ABC):
    """A kind of thing that may stand on a segment, such as campaigns. One class and one settings line."""

    kind: ClassVar[str]

    @abstractmethod
    def uses(self, segment_id: int) -> Iterable[Use]:
        """What stands on this segment now and must keep it from being archived. One query."""

    def counts(self, segment_ids: Collection[int]) -> Mapping[int, int]:
        """How many stand on each of these segments. A kind that can answers with one query."""
        return {pk: len(list(self.uses(pk))) for pk in segment_ids}


USES: Registry[SegmentUse] = Registry("SEGMENT_USES", SegmentUse)  # type: ignore[type-abstract]
