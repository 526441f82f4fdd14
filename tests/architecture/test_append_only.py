"""STANDARDS B5.1 on every append-only table that the catalogue knows: partitions included, present and to come."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from tests import databases

Connection = psycopg.Connection[tuple[object, ...]]

ANY_TABLE = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "DROP TABLE {table} CASCADE",
    "WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM gone",
    "COPY (DELETE FROM {table} RETURNING *) TO STDOUT",
    "COPY (UPDATE {table} SET {column} = {column} RETURNING *) TO STDOUT",
    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
    "MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET {column} = DEFAULT",
    "SELECT 1 FROM {table} FOR UPDATE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER no_truncate",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "ALTER TABLE {table} RENAME TO aside",
    "ALTER TABLE {table} DROP COLUMN {column} CASCADE",
    "DROP TRIGGER no_truncate ON {table}",
    "CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE TRIGGER t BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "SELECT undo_append_only({name}, current_user)",
]
PARTITION = ["ALTER TABLE {parent} DETACH PARTITION {table}"]
WAYS_ROUND = [
    "SET session_replication_role = replica",
    "SET ROLE postrider_owner",
    "GRANT postrider_owner TO CURRENT_USER",
    "ALTER FUNCTION forbid_change() OWNER TO CURRENT_USER",
    "DROP FUNCTION forbid_change() CASCADE",
    "CREATE FUNCTION public.forbid() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE TABLE public.another (id int)",
    "ALTER DEFAULT PRIVILEGES FOR ROLE postrider_owner GRANT ALL ON TABLES TO CURRENT_USER",
]


@dataclass(frozen=True)
class Table:
    name: str
    parent: str | None
    key: str

    def fill(self, statement: str) -> sql.Composed:
        names = {"table": sql.Identifier(self.name), "name": sql.Literal(self.name), "key": sql.SQL(self.key)}
        column = sql.SQL(self.key.split(", ")[0])
        return sql.SQL(statement).format(**names, column=column, parent=sql.Identifier(self.parent or ""))


def _tables(connection: Connection) -> list[Table]:
    rows = connection.execute(
        """
        SELECT c.relname, p.relname,
               (SELECT string_agg(quote_ident(attname), ', ') FROM pg_index x
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey)
                WHERE x.indrelid = c.oid AND x.indisprimary)
        FROM pg_class c
        LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        LEFT JOIN pg_class p ON p.oid = i.inhparent
        WHERE c.relkind IN ('r', 'p')
          AND obj_description(coalesce(p.oid, c.oid), 'pg_class') LIKE 'append-only for %'
        ORDER BY 1
        """
    )
    return [Table(*row) for row in rows.fetchall()]  # type: ignore[arg-type]


@pytest.fixture
def app(django_db_setup: None) -> Iterator[Connection]:
    """A connection of the application role that never commits."""
    with psycopg.connect(databases.urls(databases.session_database())["DATABASE_URL"]) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def owner(django_db_setup: None) -> Iterator[Connection]:
    with psycopg.connect(databases.urls(databases.session_database())["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


def _passes(connection: Connection, statement: sql.Composed | str) -> bool:
    """Whether the statement was let through; what it did is undone."""
    try:
        with connection.transaction(force_rollback=True), connection.cursor() as cursor:
            if isinstance(statement, sql.Composed) and statement.as_string().startswith("COPY"):
                with cursor.copy(statement) as copy:
                    list(copy)
            else:
                cursor.execute(statement)
    except InsufficientPrivilege:
        return False
    return True


def _insert_row(connection: Connection, table: str, **values: str) -> None:
    """A row that satisfies the columns; its foreign keys are checked at commit, which never comes."""
    columns = connection.execute(
        """
        SELECT column_name, data_type FROM information_schema.columns
        WHERE table_name = %s AND table_schema = 'public' AND is_nullable = 'NO'
          AND column_default IS NULL AND is_identity = 'NO'
        """,
        [table],
    ).fetchall()
    samples = {
        "jsonb": "{}",
        "timestamp with time zone": "2026-01-01",
        "boolean": "true",
        "bytea": "x",
        "text": "x",
        "uuid": "0" * 32,
    }
    filled = {
        str(name): samples.get(str(kind), "x" if "char" in str(kind) else "7777") for name, kind in columns
    } | values
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, filled)),
            sql.SQL(", ").join(sql.Placeholder() * len(filled)),
        ),
        list(filled.values()),
    )


def test_every_log_and_version_is_in_the_catalogue_of_append_only_tables(app: Connection) -> None:
    names = {table.name for table in _tables(app)}
    assert {
        "delivery_deliveryevent",
        "delivery_deliveryevent_default",
        "delivery_hit",
        "delivery_hit_default",
        "delivery_judgement",
        "campaigns_enrolmentevent",
        "campaigns_journeyversion",
        "campaigns_step",
        "compliance_suppressionevent",
        "segments_contactmerge",
        "segments_eventkey",
        "segments_eventkey_0",
        "segments_eventtypeversion",
        "segments_identitylink",
        "segments_rawevent",
        "segments_rawevent_default",
        "segments_segmentversion",
        "templates_templateversion",
        "templates_templatecontent",
        "templates_templatelink",
        "templates_sharedblockversion",
    } <= names


def test_the_application_role_fails_at_every_attack_on_every_table(app: Connection) -> None:
    app.execute("SELECT ensure_log_partitions(6)")  # partitions to come are guarded as those at hand
    passed = [
        statement.as_string(app)
        for table in _tables(app)
        for attack in [*ANY_TABLE, *(PARTITION if table.parent else [])]
        if _passes(app, statement := table.fill(attack))
    ]
    assert passed == []


@pytest.mark.parametrize("attack", WAYS_ROUND)
def test_the_application_role_finds_no_way_round(app: Connection, attack: str) -> None:
    assert not _passes(app, attack)


def test_the_application_role_cannot_grant_itself_what_it_lacks(app: Connection) -> None:
    """A GRANT of what one may not grant is a warning only, so what counts is the privilege afterwards."""
    for table in _tables(app):
        with suppress(InsufficientPrivilege), app.transaction():
            app.execute(table.fill("GRANT UPDATE, DELETE, TRUNCATE ON {table} TO CURRENT_USER"))
        row = app.execute("SELECT has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE')", [table.name]).fetchone()
        assert row == (False,), table.name


def test_triggers_stop_the_owner_from_emptying_a_table(owner: Connection) -> None:
    passed = [table.name for table in _tables(owner) if _passes(owner, table.fill("TRUNCATE {table} CASCADE"))]
    assert passed == []


def test_triggers_stop_the_owner_from_changing_rows(owner: Connection) -> None:
    for table in _tables(owner):
        if table.parent is None:
            _insert_row(owner, table.name)
            assert not _passes(owner, table.fill("UPDATE {table} SET {column} = {column}")), table.name
            assert not _passes(owner, table.fill("DELETE FROM {table}")), table.name


def _logs(connection: Connection) -> set[str]:
    """The tables in partitions of time."""
    rows = connection.execute("SELECT partrelid::regclass::text FROM pg_partitioned_table WHERE partstrat = 'r'")
    return {str(row[0]) for row in rows} & {table.parent for table in _tables(connection) if table.parent}


def test_month_partitions_stand_two_months_ahead(app: Connection) -> None:
    names = {table.name for table in _tables(app)}
    rows = app.execute(
        "SELECT to_char(now() AT TIME ZONE 'UTC' + make_interval(months => n), '_YYYY_MM') FROM generate_series(0, 2) n"
    )
    months = [str(row[0]) for row in rows]
    for log in _logs(app):
        assert {f"{log}{month}" for month in months} <= names


def test_a_row_of_a_month_without_partition_is_kept_and_guarded(app: Connection, owner: Connection) -> None:
    for log in _logs(app):
        _insert_row(app, log, at="1999-12-31T23:59:59Z")
        [row] = app.execute(sql.SQL("SELECT tableoid::regclass::text FROM {}").format(sql.Identifier(log))).fetchall()
        assert row == (f"{log}_default",)
        _insert_row(owner, log, at="1999-12-31T23:59:59Z")
        for attack in ("UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"):
            assert not _passes(owner, Table(f"{log}_default", log, "id").fill(attack))


def test_making_partitions_twice_makes_none(app: Connection) -> None:
    app.execute("SELECT ensure_log_partitions(3)")
    assert app.execute("SELECT ensure_log_partitions(3)").fetchone() == (0,)


def test_the_application_role_cannot_make_partitions_without_end(app: Connection) -> None:
    with pytest.raises(psycopg.errors.RaiseException):
        app.execute("SELECT ensure_log_partitions(1000)")
