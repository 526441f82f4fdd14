"""Conditions on being in another segment."""

from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q

from config.lib import public_ids
from segments.models import Membership, Segment
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.types import Reference, ValueType

SEGMENTS = Reference("segment", Segment, "is in the segment", "is not in the segment")


def in_frozen(segment_id: int) -> Q:
    """The members of a frozen segment. EXISTS is never null, so `~` of it is its exact complement."""
    return Q(Exists(Membership.objects.filter(segment_id=segment_id, contact_id=OuterRef("pk"))))


class SegmentMember(Predicate):
    """In any of these segments, by their current versions."""

    kind = "segment_member"

    def fields(self) -> Mapping[str, ValueType]:
        return {"segment": SEGMENTS}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        return Q(*[scope.members(pk, negated=False) for pk in self._ids(leaf)], _connector=Q.OR)

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return Q(*[scope.members(pk, negated=True) for pk in self._ids(leaf)], _connector=Q.AND)

    @staticmethod
    def _ids(leaf: Leaf) -> list[int]:
        return [public_ids.decode("segment", text) for text in leaf.value]
