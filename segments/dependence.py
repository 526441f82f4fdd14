"""What a rule depends on, read from the SQL that the compiler makes of it: nothing has to be declared."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from config.lib.sql import Statements
from segments.compiler import Compiler
from segments.models import Contact, SegmentUpkeep
from segments.watches import WATCHES, Fields, People

_SQL = Statements("segments", "memberships")
Moves = SegmentUpkeep.Moves

_NAMES = re.compile(r"\b(?:segments|compliance|templates|delivery|campaigns|analytics)_\w+")
_OF_THE_CONTACT = re.compile(r'"segments_contact"\."(?!id")')
_CONTACTS = re.compile(r'\b(?:FROM|JOIN) "?segments_contact\b', re.IGNORECASE)
_LOOKS = (timedelta(hours=1), timedelta(days=1), timedelta(days=400))  # 400: past each day of a year


@dataclass(frozen=True)
class Dependence:
    """Kinds of watches, and how time alone changes who matches (SegmentUpkeep.Moves)."""

    reads: frozenset[str]
    moves: str


def dependence(compiler_at: "CompilerAt", segment_id: int, at: datetime) -> Dependence:
    """What a saved segment depends on. Raises InvalidCriteria."""
    sql, _values = _query(people(compiler_at(at), segment_id))
    kinds, unwatched = reads(sql)
    return Dependence(kinds, Moves.ALWAYS if unwatched else _moves(compiler_at, segment_id, at))


class CompilerAt:
    """Compilers of several moments, each made once."""

    def __init__(self) -> None:
        self._made: dict[datetime, Compiler] = {}

    def __call__(self, at: datetime) -> Compiler:
        if at not in self._made:
            self._made[at] = Compiler(at)
        return self._made[at]


def people(compiler: Compiler, segment_id: int) -> QuerySet[Contact]:
    """The people of a saved segment. Raises InvalidCriteria."""
    return Contact.objects.filter(compiler.alone(segment_id))


def statement(found: QuerySet[Contact]) -> str:
    """The SQL that gives the ids of people, values included."""
    compose: Any = connection.ops  # of the Postgres backend alone
    return str(compose.compose_sql(*_query(found)))


def _query(found: QuerySet[Contact]) -> tuple[str, tuple[Any, ...]]:
    try:
        return found.order_by().values("id").query.sql_with_params()
    except EmptyResultSet:  # Django sees that nobody can match
        return "SELECT NULL::bigint WHERE false", ()


def reads(sql: str) -> tuple[frozenset[str], bool]:
    """(the watches whose facts this SQL reads, whether it reads something else that may change)."""
    names = set(_NAMES.findall(sql)) - {"segments_contact"}
    kinds = {People.kind} | {watch.kind for watch in WATCHES if watch.names & names}
    if _OF_THE_CONTACT.search(sql) or len(_CONTACTS.findall(sql)) > 1:
        kinds.add(Fields.kind)
    rest = names - {name for watch in WATCHES for name in watch.names}
    return frozenset(kinds), bool(rest - _pure(rest))


def _pure(names: set[str]) -> set[str]:
    """Those that are functions of nothing but their arguments, or columns and indexes by a name like a table's."""
    if not names:
        return set()
    return {name for (name,) in _SQL.rows("pure", names=sorted(names))}


def _moves(compiler_at: CompilerAt, segment_id: int, at: datetime) -> str:
    """By comparing what the rule is compiled to at several moments."""
    noon = at.replace(hour=12, minute=0, second=0, microsecond=0)
    first, hour, day, later = (
        statement(people(compiler_at(noon + step), segment_id)) for step in (timedelta(0), *_LOOKS)
    )
    if first != hour:
        return str(Moves.ALWAYS)
    return str(Moves.NEVER if first == day == later else Moves.DAILY)
