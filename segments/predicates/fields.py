"""Conditions on the columns of a contact."""

from collections.abc import Mapping

from django.db.models import Q

from config.lib.addresses import InvalidAddress, normalise_email, normalise_phone
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.dates import Day, Moment
from segments.predicates.types import BadValue, Text, ValueType


def _email(text: str) -> str:
    try:
        return normalise_email(text)
    except InvalidAddress as error:
        raise BadValue(error.detail) from None


def _phone(text: str) -> str:
    try:
        return normalise_phone(text)
    except InvalidAddress as error:
        raise BadValue(error.detail) from None


def _country(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise BadValue(f'expects a country as its two letters of ISO 3166, such as "US", not {text[:60]!r}')
    return text.upper()


FIELDS: Mapping[str, ValueType] = {
    "external_id": Text(),
    "email": Text(whole=_email, part=str.lower),
    "phone": Text(whole=_phone),
    "first_name": Text(),
    "last_name": Text(),
    "country": Text(whole=_country, part=str.upper),
    "language": Text(),
    "timezone": Text(),
    "cohort_on": Day(),
    "created_at": Moment(),
    "updated_at": Moment(),
}

# Django spells most of our operators as they are
_LOOKUPS = {
    "equals": "exact",
    "in": "in",
    "contains": "contains",
    "starts_with": "startswith",
    "ends_with": "endswith",
}


class ContactField(Predicate):
    """A column of the contact table, from a fixed list."""

    kind = "contact_field"

    def fields(self) -> Mapping[str, ValueType]:
        return FIELDS

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        column, operator = leaf.field.name, leaf.operator.name
        if isinstance(leaf.field.type, Moment):
            return self._dated(column, leaf.field.type, leaf, scope)
        if operator == "exists":
            return Q(**{f"{column}__gt": ""})  # neither null nor empty
        return Q(**{f"{column}__{_LOOKUPS[operator]}": leaf.value})

    def _dated(self, column: str, grain: Moment, leaf: Leaf, scope: Scope) -> Q:
        if leaf.operator.name == "exists":
            return Q(**{f"{column}__isnull": False})
        bounds = grain.window(leaf.operator.name, leaf.value, scope.at)
        start, end = (bound if bound is None or grain.clock else bound.date() for bound in bounds)
        lower = Q(**{f"{column}__gte": start}) if start else Q()
        return lower & Q(**{f"{column}__lt": end}) if end else lower
