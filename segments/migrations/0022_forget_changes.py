from django.db import migrations

from config.lib.append_only import application_role

# The application role owns no partition and may drop none, but of this log those whose month is long over: this alone
# is its way. Whoever reads the log stands in nobody's way for more than a second; then it is tried again.
FORGET = """
CREATE FUNCTION segments_forget_changes(days int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '1s' AS $$
DECLARE
    part record; dropped int := 0;
BEGIN
    IF days < 31 THEN
        RAISE EXCEPTION 'entries and exits are kept for 31 days at least';
    END IF;
    FOR part IN
        SELECT c.oid::regclass AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.segments_membershipchange'::regclass AND c.relname ~ '_\\d{4}_\\d{2}$'
          AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= now() - make_interval(days => days)
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE %s', part.name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END $$;
REVOKE EXECUTE ON FUNCTION segments_forget_changes(int) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0021_events_of_apart")]

    operations = [
        migrations.RunSQL(
            f'{FORGET} GRANT EXECUTE ON FUNCTION segments_forget_changes(int) TO "{application_role()}"',
            "DROP FUNCTION segments_forget_changes(int)",
        ),
    ]
