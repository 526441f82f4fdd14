"""One person and one segment: were they in it at a moment, by which rule, and what of that rule holds for them now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from segments.checking import Checked, check
from segments.models import Contact, Segment, SegmentVersion
from segments.selectors.memberships import Stay, log_begins, stays, version_at


@dataclass(frozen=True)
class Standing:
    """`stay` is the one that covers the moment; `conditions` are of the version of that moment, as they are now.

    `log_begins`: what came before it was dropped by retention.
    """

    at: datetime
    stay: Stay | None
    stays: Sequence[Stay]
    version: SegmentVersion | None
    conditions: Sequence[Checked]
    log_begins: datetime | None = None

    @property
    def was_in(self) -> bool | None:
        """None when nobody knows any more: who was in it and left before the log begins is not in the log."""
        forgotten = self.version is not None and self.log_begins is not None and self.at < self.log_begins
        return None if forgotten and self.stay is None else self.stay is not None


def standing(segment: Segment, contact: Contact, ids: Collection[int], *, at: datetime) -> Standing:
    """`ids`: by which the log knows the contact."""
    found, version = stays(segment.pk, ids), version_at(segment.pk, at)
    conditions = check(version.criteria, contact.pk, at=at) if version else []
    return Standing(at, next((one for one in found if one.covers(at)), None), found, version,
                    conditions, log_begins(at=timezone.now()))  # fmt: skip
