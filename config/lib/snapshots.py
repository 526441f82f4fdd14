"""One moment of the database: read in chunks while others write, or by several queries that must agree."""

from array import array
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

_FETCH = 50_000


def key_chunks(queryset: QuerySet[Any], size: int) -> Generator[list[int], None, None]:
    """The primary keys of one snapshot of `queryset`, in order, `size` at a time.

    All of them are read before the first is given, 8 bytes each: an open snapshot keeps vacuum from clearing the
    ledger's queue indexes, and each claim meanwhile would walk over what was sent since (STANDARDS B4.2).
    What the caller commits between the chunks does not change what is read.
    """
    keys = _read_keys(queryset)
    for start in range(0, len(keys), size):
        yield keys[start : start + size].tolist()


def _read_keys(queryset: QuerySet[Any]) -> "array[int]":
    """On a connection of its own that only reads: it takes no transaction id, so the counting horizon moves on."""
    keys = array("q")
    query = queryset.order_by("pk").values_list("pk").query
    try:
        statement, params = query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:  # Django sees that nobody can match
        return keys
    reader = connection.copy()
    try:
        reader.ensure_connection()
        session: psycopg.Connection[Any] = reader.connection
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        with session.transaction():
            # all of it will be read, so a plan that is quick to begin and slow to end is no bargain
            session.execute("SET LOCAL cursor_tuple_fraction = 1")
            with session.cursor(name="keys") as cursor:
                cursor.execute(statement, params)
                while found := cursor.fetchmany(_FETCH):
                    keys.extend(key for (key,) in found)
    finally:
        reader.close()
    return keys


@contextmanager
def one_moment() -> Iterator[None]:
    """Queries inside agree with each other. Inside a transaction this changes nothing."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
