"""One moment of the database: read in chunks while others write, or by several queries that must agree."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet
from numpy import typing as npt

# Each worker of a parallel plan packs the keys that it finds, where rows would go through the leader one by one, and a
# cursor gets no workers at all. A value holds 1 GB: 134 million keys. Sorted here, since in order it is not packed so.
_PACKED = "SELECT string_agg(int8send(key), ''::bytea) FROM ({keys}) AS keys (key)"


def key_chunks(queryset: QuerySet[Any], size: int) -> Generator[list[int], None, None]:
    """The primary keys of one snapshot of `queryset`, in order, `size` at a time.

    All of them are read before the first is given, 8 bytes each: an open snapshot keeps vacuum from clearing the
    ledger's queue indexes, and each claim meanwhile would walk over what was sent since (STANDARDS B4.2).
    What the caller commits between the chunks does not change what is read.
    """
    keys = _read_keys(queryset)
    for start in range(0, len(keys), size):
        yield keys[start : start + size].tolist()


def _read_keys(queryset: QuerySet[Any]) -> npt.NDArray[np.int64]:
    """In order, by a connection of its own that only reads: without a transaction id the counting horizon moves on."""
    query = queryset.order_by().values_list("pk").query
    try:
        keys, params = query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:  # Django sees that nobody can match
        return np.empty(0, np.int64)
    reader = connection.copy()
    try:
        reader.ensure_connection()
        session: psycopg.Connection[Any] = reader.connection
        session.read_only = True
        statement = psycopg.ClientCursor(session).mogrify(_PACKED.format(keys=keys), params)
        with session.transaction(), psycopg.Cursor(session) as cursor:
            (packed,) = cursor.execute(statement, binary=True).fetchone() or (None,)
    finally:
        reader.close()
    found = np.frombuffer(packed or b"", ">i8").astype(np.int64)
    found.sort()
    return found


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
