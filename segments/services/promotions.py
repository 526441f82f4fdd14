"""Promotion of an attribute: an index of its own, built in the background while everybody goes on writing.

CREATE INDEX CONCURRENTLY runs in no transaction, and what it leaves behind when it dies is an index that is not valid.
So a build looks first, takes away what is not valid, begins again, and looks once more at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import DatabaseError, connections, models, transaction
from psycopg import sql

from config.lib.errors import Conflict
from config.lib.sql import queries
from segments.models import Attribute, Contact, Promotion
from segments.predicates.attributes import TEXT_INDEXED, Kept

MAX_PROMOTED = 20  # each index is written by each change of a contact
MAX_ATTEMPTS = 3


class TooManyPromoted(Conflict):
    """Twenty attributes have indexes already: take one back first. Each makes every change of a contact dearer."""

    code = "too_many_promoted"


@transaction.atomic
def promote(attribute: Attribute, *, by: Any = None) -> Promotion:
    """Ask for an index; one that failed is asked for again. Raises TooManyPromoted."""
    found = Promotion.objects.select_for_update().filter(attribute=attribute).first()
    if found and found.state in (Promotion.State.READY, Promotion.State.WAITING, Promotion.State.BUILDING):
        return found
    if not found and Promotion.objects.count() >= MAX_PROMOTED:
        raise TooManyPromoted
    asked = {"state": Promotion.State.WAITING, "attempts": 0, "error": "", "ended_at": None, "asked_by": by}
    return Promotion.objects.update_or_create(attribute=attribute, defaults=asked)[0]


def take_back(attribute: Attribute) -> None:
    """Have the index dropped. Rules over the attribute mean the same and read more."""
    Promotion.objects.filter(attribute=attribute).update(state=Promotion.State.LEAVING, attempts=0, error="")


def carry_on(*, at: datetime) -> int:
    """Build and drop what was asked for, one after another, unless another worker does; how many ended."""
    with _alone() as mine:
        if not mine:
            return 0
        rows = list(Promotion.objects.select_related("attribute").filter(state__in=Promotion.OPEN).order_by("pk"))
        built = [row for row in rows if _settle(row, at)]
        if built:
            _execute("analyze")
        for row in built:
            _end(row, Promotion.State.READY, at)
        return len(rows)


def is_anything_open() -> bool:
    """Whether something was asked for and has not ended."""
    return Promotion.objects.filter(state__in=Promotion.OPEN).exists()


def _settle(row: Promotion, at: datetime) -> bool:
    """Whether it has its index now."""
    if row.attempts >= MAX_ATTEMPTS:
        _end(row, Promotion.State.FAILED, at, row.error or "it was begun and ended several times")
        return False
    Promotion.objects.filter(pk=row.pk).update(attempts=models.F("attempts") + 1)
    try:
        if row.state == Promotion.State.LEAVING:
            _drop(row)
            row.delete()
            return False
        _build(row)
    except DatabaseError as error:
        _end(row, Promotion.State.FAILED, at, str(error).strip())
        return False
    return True


def _build(row: Promotion) -> None:
    Promotion.objects.filter(pk=row.pk).update(state=Promotion.State.BUILDING)
    if is_valid(row):
        return
    _drop(row)
    with connections["owner"].schema_editor(atomic=False) as editor:
        editor.add_index(Contact, index_of(row), concurrently=True)  # type: ignore[call-arg]
    _statistics("keep_statistics", row)


def _drop(row: Promotion) -> None:
    _statistics("drop_statistics", row)
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(row.index_name)))


# What the conditions of a type compare, two by two: without knowing how their values are spread, the planner takes
# them for rare and, asked about 500 people, would rather go through the whole index.
_COMPARED = {
    "string": f"left({{text}}, {TEXT_INDEXED})), (jsonb_typeof({{json}})",
    "number": "{json}), (jsonb_typeof({json})",
    "boolean": "{json}), ({text}",
    "date": "{json}), ({text}",
    "list": "{json}), (jsonb_typeof({json})",
}


def _statistics(statement: str, row: Promotion) -> None:
    name = sql.Literal(row.attribute.name)
    places = {"json": sql.SQL("(attributes -> {})").format(name), "text": sql.SQL("(attributes ->> {})").format(name)}
    compared = sql.SQL(_COMPARED[row.attribute.type]).format(**places)
    with connections["owner"].cursor() as cursor:
        template = sql.SQL(queries("segments", "promotions")[statement])
        cursor.execute(template.format(name=sql.Identifier(row.index_name), compared=compared))


def _end(row: Promotion, state: Promotion.State, at: datetime, error: str = "") -> None:
    Promotion.objects.filter(pk=row.pk).update(state=state, error=error[:500], ended_at=at)


def is_valid(row: Promotion) -> bool:
    """Whether Postgres has the index, complete."""
    return bool(_execute("valid", name=row.index_name))


def index_of(row: Promotion) -> models.Index:
    """What the conditions of predicates/attributes.py ask, and no row that none of them can match."""
    name, type_ = row.attribute.name, row.attribute.type
    kept = Kept(name)
    if type_ == Attribute.Type.LIST:
        return GinIndex(kept.json, name=row.index_name, condition=kept.is_a("array"))
    if type_ == Attribute.Type.STRING:
        return models.Index(kept.beginning, name=row.index_name, condition=kept.is_a("string"))
    condition = {"number": kept.is_a("number"), "boolean": kept.one_of([True, False]), "date": kept.is_date()}[type_]
    return models.Index(kept.json, name=row.index_name, condition=condition)


@contextmanager
def _alone() -> Iterator[bool]:
    mine = bool(_execute("try_alone"))
    try:
        yield mine
    finally:
        if mine:
            _execute("let_go")


def _execute(statement: str, **values: Any) -> Any:
    """The first value of the first row, on the connection that may make indexes."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(queries("segments", "promotions")[statement], values)
        found = cursor.fetchone() if cursor.description else None
    return found[0] if found else None
