"""A page of a list after or before a row, by what it is sorted by: as quick in its middle as at its start."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F, Q, QuerySet

COUNTED = 10_000  # beyond that a count is an estimate


@dataclass(frozen=True)
class Order:
    """Sorted by a field and, among equals, by the primary key. `nullable`: rows without a value come last."""

    field: str
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class Slice:
    """The rows of a page, and the places to go on from in both directions (None: there is no more)."""

    rows: list[Any]
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Total:
    """How many there are; `about`: by the planner's estimate; `more`: at least so many."""

    number: int
    about: bool = False
    more: bool = False


def page_of(rows: QuerySet[Any], order: Order, *, after: str = "", before: str = "", size: int = 50) -> Slice:
    """The page after (or before) a place that an earlier Slice named; the first one when that means nothing."""
    try:
        return _page(rows, order, _read(after or before), back=bool(before and not after), size=size)
    except (ValidationError, ValueError, TypeError):
        return _page(rows, order, None, back=False, size=size)


def _page(rows: QuerySet[Any], order: Order, place: tuple[Any, int] | None, *, back: bool, size: int) -> Slice:
    downwards = order.descending != back
    if place:
        rows = rows.filter(_beyond(order, *place, downwards=downwards, back=back))
    found = list(rows.order_by(_by(order, downwards, back), "-pk" if downwards else "pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    first, last = (_write(order, found[0]), _write(order, found[-1])) if found else (None, None)
    return Slice(found, before=first if (more if back else place) else None, after=last if (back or more) else None)


def _by(order: Order, downwards: bool, back: bool) -> Any:
    """NULLs are named only where there are any: an index in the usual order would not serve otherwise."""
    field = F(order.field)
    if not order.nullable:
        return field.desc() if downwards else field.asc()
    nulls: dict[str, Any] = {"nulls_first": True} if back else {"nulls_last": True}
    return field.desc(**nulls) if downwards else field.asc(**nulls)


def _beyond(order: Order, value: Any, pk: int, *, downwards: bool, back: bool) -> Q:
    side = "lt" if downwards else "gt"
    among_equals = Q(**{order.field: value} if value is not None else {f"{order.field}__isnull": True}) & Q(
        **{f"pk__{side}": pk}
    )
    if value is None:
        return among_equals | Q(**{f"{order.field}__isnull": False}) if back else among_equals
    # the first condition alone lets an index find the place
    ahead = Q(**{f"{order.field}__{side}e": value}) & (Q(**{f"{order.field}__{side}": value}) | among_equals)
    return ahead | Q(**{f"{order.field}__isnull": True}) if order.nullable and not back else ahead


def _write(order: Order, row: Any) -> str:
    value = row
    for name in order.field.split("__"):
        value = getattr(value, name)
    kept = json.dumps([value if isinstance(value, int | str | float | None) else str(value), row.pk])
    return base64.urlsafe_b64encode(kept.encode()).decode().rstrip("=")


def _read(text: str) -> tuple[Any, int] | None:
    if not text:
        return None
    value, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return value, int(pk)


def total_of(rows: QuerySet[Any]) -> Total:
    """How many: exact while they are few, the planner's estimate for a whole table, else "more than"."""
    number = rows.order_by()[: COUNTED + 1].count()
    if number <= COUNTED:
        return Total(number)
    if rows.query.where or rows.query.is_sliced:
        return Total(COUNTED, more=True)
    return Total(max(COUNTED, _estimate(rows.model._meta.db_table)), about=True)  # noqa: SLF001 - public in Django


def _estimate(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_partition_tree(%s) t"
            " JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf",
            [table],
        )
        return int(cursor.fetchone()[0])
