"""The verbs over enrolments in bulk. All SQL is in sql/enrolments.sql; each call is one statement."""

from typing import Any

from django.db import connection

from config.lib.sql import queries


def rows(name: str, **values: Any) -> list[tuple[Any, ...]]:
    """Execute one named statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(queries("campaigns", "enrolments")[name], values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def count(name: str, **values: Any) -> int:
    """Execute one named statement and return how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(queries("campaigns", "enrolments")[name], values)
        return int(cursor.rowcount)
