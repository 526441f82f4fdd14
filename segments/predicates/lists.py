"""Conditions on being on a list."""

from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef, Q

from config.lib import public_ids
from segments.models import ContactList, ListMembership
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.types import Reference, ValueType


def on_any(list_ids: Iterable[int]) -> Q:
    """The people on any of these lists. EXISTS is never null, so `~` of it is its exact complement."""
    return Q(Exists(ListMembership.objects.filter(contact=OuterRef("pk"), list__in=list(list_ids))))


class ListMember(Predicate):
    """On any of these lists."""

    kind = "list_member"

    def fields(self) -> Mapping[str, ValueType]:
        return {"list": Reference("list", ContactList, "is on the list", "is not on the list")}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        return on_any(public_ids.decode("list", text) for text in leaf.value)

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return ~self.to_q(leaf, scope)  # a plain NOT lets Postgres plan an anti-join
