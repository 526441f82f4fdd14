"""Conditions on the columns of a contact."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from config.lib.errors import DomainError
from segments import cleaning
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.calendars import calendar_q, is_calendar
from segments.predicates.dates import Day, Moment, Window
from segments.predicates.types import BadValue, Text, ValueType, shown


def _text(column: str, part: Callable[[str], str] = str) -> Text:
    """Whole values are brought to the form they are kept in: "germany" finds the people of "DE"."""
    clean = cleaning.FIELDS[column]

    def whole(text: str) -> str:
        try:
            return clean(text.strip())
        except DomainError as error:
            raise BadValue(f"{shown(text)}: {error.detail}") from None

    return Text(whole, part)


FIELDS: Mapping[str, ValueType] = {
    "external_id": _text("external_id"),
    "email": _text("email", part=str.lower),
    "phone": _text("phone"),
    "first_name": _text("first_name"),
    "last_name": _text("last_name"),
    "country": _text("country", part=str.upper),
    "language": _text("language"),
    "timezone": _text("timezone"),
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
        if is_calendar(leaf):
            return self._of_calendar(column, grain, leaf, scope)
        return _inside(column, grain, grain.window(leaf.operator.name, leaf.value, scope.at))

    @staticmethod
    def _of_calendar(column: str, grain: Moment, leaf: Leaf, scope: Scope) -> Q:
        def inside(window: Window) -> Q:
            return _inside(column, grain, window)

        def kept_on(days: list[str], before: date) -> Q:
            return Q(_DayOfYear(column, days)) & inside((None, datetime.combine(before, time(), UTC)))

        return calendar_q(leaf, scope.at, inside=inside, kept_on=kept_on)


class _DayOfYear(Func):
    """Whether a date or time is of one of these days of the year (MM-DD); the day of a time is its day in UTC."""

    output_field = models.BooleanField()

    def __init__(self, column: str, days: list[str]) -> None:
        super().__init__(F(column), Value(days, ArrayField(models.TextField())))

    template = "to_char(%(expressions)s)"
    arg_joiner = ", 'MM-DD') = ANY("


def _inside(column: str, grain: Moment, window: Window) -> Q:
    start, end = (bound if bound is None or grain.clock else bound.date() for bound in window)
    lower = Q(**{f"{column}__gte": start}) if start else Q()
    return lower & Q(**{f"{column}__lt": end}) if end else lower
