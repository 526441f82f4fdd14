"""Contacts that a query of another table gives, as a condition that Postgres plans as a (anti-)join.

A correlated EXISTS over a plain table is probed by index for a few people and hashed for everybody, as the planner
sees fit. What groups is not: it is worked out for everybody, so a caller that asks of a few says so (`Scope.among`).
"""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.sql.compiler import SQLCompiler


class _Has(Func):
    """EXISTS (…), with {contact} for the contact's id. The text is of this app's own; values are parameters."""

    output_field = models.BooleanField()

    def __init__(self, sql: str, params: tuple[Any, ...]) -> None:
        super().__init__(F("pk"))
        self.sql, self.params = sql, params

    def as_sql(self, compiler: SQLCompiler, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, _none = compiler.compile(self.get_source_expressions()[0])
        return f"EXISTS ({self.sql.replace('{contact}', column)})", list(self.params)


def has(sql: str, params: Sequence[Any], *, negated: bool = False) -> Q:
    """The contacts for whom `SELECT FROM …` with {contact} in it finds a row, or exactly those for whom it does not."""
    found = Q(_Has(sql, tuple(params)))
    return ~found if negated else found


def given_by(sql: str, params: Sequence[Any], *, negated: bool = False) -> Q:
    """The contacts whose id is a `contact_id` of this query, which asks nothing of them, or exactly the others."""
    return has(f"SELECT FROM ({sql}) found WHERE found.contact_id = {{contact}}", params, negated=negated)
