"""Conditions of segments on whether we may write to somebody (settings.SEGMENT_PREDICATES).

What is asked is marketing mail to the address that the contact has now. The gate asks again before each message.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q

from compliance.models import Brand, Reason, Scope
from compliance.words import in_words
from config.lib import public_ids
from segments.models import ContactList
from segments.predicates.base import Leaf, Predicate
from segments.predicates.base import Scope as Asked
from segments.predicates.having import has
from segments.predicates.operators import Operator
from segments.predicates.types import Choice, Naming, Reference, Truth, ValueType

_SUPPRESSED = "SELECT FROM compliance_suppression s WHERE s.channel = 'email' AND s.address_key = {contact}"
_OF_ALL = "s.scope = 'global'"


def _suppressed(where: str, params: Sequence[Any] = (), *, negated: bool = False) -> Q:
    return has(f"{_SUPPRESSED} AND {where}", params, column="email_key", negated=negated)


class _Permission(Truth):
    """Yes or no, read as what one may do."""

    def sentence(self, label: str, operator: Operator, value: Any, name: Naming) -> str:
        if not isinstance(value, bool):
            return ""
        return "may be mailed" if value == (operator.name == "equals") else "may not be mailed"


class MayBeMailed(Predicate):
    """Has an address, and nothing forbids all mail to it, or all mail of a brand."""

    kind = "may_be_mailed"
    group = "Permission"

    def fields(self) -> Mapping[str, ValueType]:
        by_brand = Reference("brand", Brand, "may be mailed by the brand", "may not be mailed by the brand")
        return {"may_be_mailed": _Permission(), "may_be_mailed_by": by_brand}

    def to_q(self, leaf: Leaf, scope: Asked) -> Q:
        if leaf.operator.name == "exists":  # it is known of everybody
            return Q(pk__isnull=False)
        return self._may(leaf) if leaf.value is not False else ~self._may(leaf)

    def complement(self, leaf: Leaf, scope: Asked) -> Q:
        return ~self.to_q(leaf, scope)

    @staticmethod
    def _may(leaf: Leaf) -> Q:
        reached = Q(email_key__isnull=False) & _suppressed(_OF_ALL, negated=True)
        brands = [public_ids.decode("brand", text) for text in leaf.value] if isinstance(leaf.value, list) else []
        ways = [_suppressed("s.scope = 'brand' AND s.scope_id = %s", [brand], negated=True) for brand in brands]
        return Q(reached, Q(*ways, _connector=Q.OR)) if ways else reached


class OptedOut(Predicate):
    """Suppressed for any of these reasons in whatever scope, or for any of these lists."""

    kind = "suppressed"
    group = "Permission"

    def fields(self) -> Mapping[str, ValueType]:
        reasons = {str(one): str(in_words(one)) for one in Reason if one != Reason.ERASED}
        left = Reference("list", ContactList, "has opted out of the list", "has not opted out of the list")
        return {"suppressed_because": Choice("suppression_reason", reasons), "opted_out_of": left}

    def to_q(self, leaf: Leaf, scope: Asked) -> Q:
        if isinstance(leaf.field.type, Choice):
            return _suppressed("s.reason = ANY(%s)", [leaf.value])
        lists = [public_ids.decode("list", text) for text in leaf.value]
        return _suppressed("s.scope = %s AND s.scope_id = ANY(%s)", [str(Scope.LIST), lists])

    def complement(self, leaf: Leaf, scope: Asked) -> Q:
        return ~self.to_q(leaf, scope)
