"""What can go wrong with people, lists and segments, in words that say what to do."""

from config.lib.errors import Conflict, DomainError, Invalid


class InvalidCriteria(Invalid):
    """This is not a valid segment rule."""

    code = "invalid_criteria"


class SegmentInUse(Conflict):
    """This segment is used elsewhere and cannot be archived."""

    code = "segment_in_use"


class SegmentArchived(Conflict):
    """This segment is archived: restore it first."""

    code = "segment_archived"


class SegmentChanged(Conflict):
    """This segment was changed in another window. Nothing was overwritten."""

    code = "segment_changed"


class SegmentTooSlow(DomainError):
    """This rule takes too long to count. Narrow it, or ask for its attributes to be promoted to indexes."""

    code = "segment_too_slow"
    status = 503


class RefusedEvent(DomainError):
    """This event is not let in as it is. It is kept in quarantine, where it can be repaired."""

    status = 422

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        self.code = code
        super().__init__(detail, pointer=pointer)


class NotRepairable(Conflict):
    """This cannot be repaired: drop it, and have its sender send it again."""

    code = "not_repairable"
