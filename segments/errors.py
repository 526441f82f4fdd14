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


class SegmentTooSlow(DomainError):
    """This rule takes too long to count. Narrow it, or ask for its attributes to be promoted to indexes."""

    code = "segment_too_slow"
    status = 503
