"""Conditions on being on a list."""

from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q

from config.lib import public_ids
from segments.models import ContactList, ListMembership
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.types import Reference, ValueType


class ListMember(Predicate):
    """On any of these lists."""

    kind = "list_member"

    def fields(self) -> Mapping[str, ValueType]:
        return {"list": Reference("list", ContactList)}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        lists = [public_ids.decode("list", text) for text in leaf.value]
        return Q(Exists(ListMembership.objects.filter(contact=OuterRef("pk"), list__in=lists)))

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return ~self.to_q(leaf, scope)  # EXISTS is never null, and a plain NOT lets Postgres plan an anti-join
