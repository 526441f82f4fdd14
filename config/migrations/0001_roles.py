"""What both roles stand on: the application role's rights, and the functions that make tables append-only."""

from typing import Any

from django.db import migrations
from psycopg import sql

from config.lib.append_only import application_role

GRANTS = """
GRANT USAGE ON SCHEMA public TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app};
"""

FUNCTIONS = """
CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is not allowed', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION guard_append_only(target regclass, app name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %s EXECUTE FUNCTION forbid_change()', target);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM %I', target, app);
END $$;

CREATE FUNCTION make_append_only(target regclass, app name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part regclass;
BEGIN
    EXECUTE format(
        'CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION forbid_change()', target);
    PERFORM guard_append_only(target, app);
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = target LOOP
        PERFORM guard_append_only(part, app);
    END LOOP;
    EXECUTE format('COMMENT ON TABLE %s IS %L', target, 'append-only for ' || app);
END $$;

CREATE FUNCTION undo_append_only(target regclass, app name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS no_change ON %s', target);
    EXECUTE format('DROP TRIGGER IF EXISTS no_truncate ON %s', target);
    EXECUTE format('GRANT UPDATE, DELETE ON %s TO %I', target, app);
    EXECUTE format('COMMENT ON TABLE %s IS NULL', target);
END $$;

-- The application role makes partitions ahead through this function alone; it owns none of them.
-- Returns how many it made. Months are UTC whatever the session's zone.
CREATE FUNCTION ensure_log_partitions(ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    log record; part text; first_day date; made int := 0;
BEGIN
    IF ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'ahead is a number of months between 0 and 24';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ensure_log_partitions'));
    FOR log IN
        SELECT c.oid::regclass AS name, c.relname, substr(d.description, length('append-only for ') + 1) AS app
        FROM pg_partitioned_table p
        JOIN pg_class c ON c.oid = p.partrelid
        JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.description LIKE 'append-only for %'
        WHERE c.relnamespace = 'public'::regnamespace AND p.partstrat = 'r'
    LOOP
        FOR i IN 0..ahead LOOP
            first_day := date_trunc('month', now())::date + make_interval(months => i);
            part := log.relname || to_char(first_day, '_YYYY_MM');
            CONTINUE WHEN to_regclass('public.' || quote_ident(part)) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
                    part, log.name, first_day, (first_day + interval '1 month')::date);
                PERFORM guard_append_only(('public.' || quote_ident(part))::regclass, log.app::name);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                -- rows of that month lie in DEFAULT already, and are well kept there; the other logs must go on
                RAISE WARNING '%: rows of % are in the default partition', log.relname, to_char(first_day, 'YYYY-MM');
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
REVOKE EXECUTE ON FUNCTION guard_append_only(regclass, name) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION make_append_only(regclass, name) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION undo_append_only(regclass, name) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION ensure_log_partitions(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_log_partitions(int) TO {app};
"""

DROP = """
DROP FUNCTION ensure_log_partitions(int);
DROP FUNCTION undo_append_only(regclass, name);
DROP FUNCTION make_append_only(regclass, name);
DROP FUNCTION guard_append_only(regclass, name);
DROP FUNCTION forbid_change();
"""


def _execute(schema_editor: Any, text: str) -> None:
    app = sql.Identifier(application_role())
    with schema_editor.connection.cursor() as cursor:
        statement = text.replace("{app}", app.as_string(cursor.cursor))
        cursor.execute(statement)


def forwards(apps: Any, schema_editor: Any) -> None:
    _execute(schema_editor, GRANTS)
    _execute(schema_editor, FUNCTIONS)


def backwards(apps: Any, schema_editor: Any) -> None:
    _execute(schema_editor, DROP)


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunPython(forwards, backwards)]
