"""Contacts that a query of another table gives, as a condition that Postgres plans as a (anti-)join.

A correlated EXISTS over a plain table is probed by index for a few people and hashed for everybody, as the planner
sees fit. What groups is not: it is worked out for everybody, so a caller that asks of a few says so (`Scope.among`).
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.sql.compiler import SQLCompiler


class _Has(Func):
    """EXISTS (…), with {contact} for a column of the contact. The text is of this app's own; values are parameters."""

    output_field = models.BooleanField()

    def __init__(self, sql: str, params: tuple[Any, ...], column: str) -> None:
        super().__init__(F(column))
        self.sql, self.params = sql, params

    def as_sql(self, compiler: SQLCompiler, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, _none = compiler.compile(self.get_source_expressions()[0])
        return f"EXISTS ({self.sql.replace('{contact}', column)})", list(self.params)


def has(sql: str, params: Sequence[Any], *, column: str = "pk", negated: bool = False) -> Q:
    """The contacts for whom `SELECT FROM …` finds a row, or exactly those for whom it does not.

    {contact} in it is their id, or another `column` of theirs.
    """
    found = Q(_Has(sql, tuple(params), column))
    return ~found if negated else found


def given_by(sql: str, params: Sequence[Any], *, negated: bool = False) -> Q:
    """The contacts whose id is a `contact_id` of this query, which asks nothing of them, or exactly the others."""
    return has(f"SELECT FROM ({sql}) found WHERE found.contact_id = {{contact}}", params, negated=negated)


def once_themselves(
    sql: str, params: Sequence[Any], *, negated: bool = False, having: tuple[str, Sequence[Any]] = ("", ())
) -> Q:
    """As `given_by`, of a log that keeps the ids people had before they were merged.

    `having`: a condition on all rows of one person, from the columns of `logged`.
    """
    grouped = f" GROUP BY 1 HAVING {having[0]}" if having[0] else ""
    present = (
        "SELECT coalesce(former.contact_id, logged.contact_id) AS contact_id"  # noqa: S608
        f" FROM ({sql}) logged LEFT JOIN segments_formercontact former ON former.former_id = logged.contact_id{grouped}"
    )
    return given_by(present, [*params, *having[1]], negated=negated)


def asked_of(column: str, among: Collection[int] | None) -> tuple[str, list[Any]]:
    """SQL that keeps what is grouped to these people: some ids, or a stretch of them as a range; of all, nothing."""
    if among is None:
        return "", []
    if isinstance(among, range):
        return f" AND {column} BETWEEN %s AND %s", [among.start, among.stop - 1]
    return f" AND {column} = ANY(%s)", [list(among)]


def asked_of_log(column: str, among: Collection[int] | None) -> tuple[str, list[Any]]:
    """As `asked_of`, in a log that knows people by whatever ids they had."""
    if among is None:
        return "", []
    now, params = asked_of("contact_id", among)
    each = "generate_series(%s::bigint, %s::bigint)" if isinstance(among, range) else "unnest(%s::bigint[])"
    ids = f"SELECT {each} UNION ALL SELECT former_id FROM segments_formercontact WHERE true{now}"  # noqa: S608
    return f" AND {column} IN ({ids})", [*params, *params]
