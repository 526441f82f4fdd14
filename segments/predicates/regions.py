"""Conditions on living in a group of countries."""

from collections.abc import Mapping

from django.db.models import Q

from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.types import Choice, ValueType
from segments.regions import ALSO, NAMES, countries_in


class InRegion(Predicate):
    """In any of these groups of countries, by the country of the contact."""

    kind = "region"
    group = "Contact"

    def fields(self) -> Mapping[str, ValueType]:
        return {"country_group": Choice("country_group", NAMES, ALSO)}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        return Q(country__in=countries_in(leaf.value))
