import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from config.lib.append_only import month_log

COLUMNS = """
kind varchar(7) NOT NULL,
segment_id bigint NOT NULL,
contact_id bigint NOT NULL,
version_id bigint NOT NULL,
how varchar(12) NOT NULL,
since timestamptz
"""

# Watching a table for segments: statement triggers, so that no way of writing can forget it. {people} gives the
# contacts of the rows that changed. One statement may change so many that a pass over everybody is quicker.
WATCH = """
CREATE FUNCTION segments_watch(target text, operation text, watch text, people text) RETURNS void
LANGUAGE plpgsql AS $watch$
DECLARE
    name text := format('touch_%s_%s', target, lower(operation));
    rows text := CASE operation WHEN 'DELETE' THEN 'OLD TABLE' ELSE 'NEW TABLE' END;
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql AS $body$
        DECLARE touched int;
        BEGIN
            IF EXISTS (SELECT FROM segments_segmentupkeep WHERE reads @> ARRAY[%2$L::varchar]) THEN
                INSERT INTO segments_touch (contact_id, watch)
                SELECT DISTINCT people.id, %2$L FROM (%3$s) people(id) WHERE people.id IS NOT NULL LIMIT 50001;
                GET DIAGNOSTICS touched = ROW_COUNT;
                IF touched > 50000 THEN
                    INSERT INTO segments_touch (contact_id, watch) VALUES (NULL, %2$L);
                END IF;
            END IF;
            RETURN NULL;
        END $body$
    $function$, name, watch, people);
    EXECUTE format('CREATE TRIGGER %1$I AFTER %2$s ON %3$I REFERENCING %4$s AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION %1$I()', name, operation, target, rows);
END $watch$;
CREATE FUNCTION segments_unwatch(target text, operation text) RETURNS void LANGUAGE plpgsql AS $watch$
BEGIN
    EXECUTE format('DROP TRIGGER %1$I ON %2$I', format('touch_%s_%s', target, lower(operation)), target);
    EXECUTE format('DROP FUNCTION %I()', format('touch_%s_%s', target, lower(operation)));
END $watch$;
REVOKE EXECUTE ON FUNCTION segments_watch(text, text, text, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION segments_unwatch(text, text) FROM PUBLIC;
"""

_ID, _CONTACT = "SELECT id FROM changed", "SELECT contact_id FROM changed"
WATCHED = [
    ("segments_contact", "INSERT", "people", _ID),
    ("segments_contact", "DELETE", "people", _ID),
    ("segments_contact", "UPDATE", "fields", _ID),
    ("segments_listmembership", "INSERT", "lists", _CONTACT),
    ("segments_listmembership", "UPDATE", "lists", _CONTACT),
    ("segments_listmembership", "DELETE", "lists", _CONTACT),
    ("segments_activity", "INSERT", "events", _CONTACT),
    ("segments_activity", "UPDATE", "events", _CONTACT),
    ("segments_activity", "DELETE", "events", _CONTACT),
    ("segments_importrow", "INSERT", "imports", _CONTACT),
    ("segments_importrow", "UPDATE", "imports", _CONTACT),
    ("segments_importrow", "DELETE", "imports", _CONTACT),
]


def watched(table: str, operation: str, watch: str, people: str) -> migrations.RunSQL:
    """Have changes of a table touch people; also for migrations of the floors above."""
    return migrations.RunSQL(
        [("SELECT segments_watch(%s, %s, %s, %s)", [table, operation, watch, people])],
        [("SELECT segments_unwatch(%s, %s)", [table, operation])],
    )


class Migration(migrations.Migration):
    dependencies = [("segments", "0012_quarantine_asked")]

    operations = [
        month_log(
            "segments_membershipchange",
            COLUMNS,
            indexes=("contact_id, at", "segment_id, at", "xid, id"),
            state=[
                migrations.CreateModel(
                    name="MembershipChange",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("kind", models.CharField(choices=[("entered", "Entered"), ("left", "Left")], max_length=7)),
                        ("segment_id", models.BigIntegerField()),
                        ("contact_id", models.BigIntegerField()),
                        ("version_id", models.BigIntegerField(help_text="The version of the rule by which it was decided")),
                        ("how", models.CharField(max_length=12)),
                        ("since", models.DateTimeField(null=True)),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="SegmentDay",
            fields=[
                ("pk", models.CompositePrimaryKey("segment_id", "day", blank=True, editable=False, primary_key=True, serialize=False)),
                ("segment_id", models.BigIntegerField()),
                ("day", models.DateField()),
                ("size", models.BigIntegerField()),
                ("entered", models.BigIntegerField(help_text="Not by another rule")),
                ("left", models.BigIntegerField(help_text="Not by another rule")),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("pk", models.CompositePrimaryKey("segment_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("segment_id", models.BigIntegerField()),
                ("contact_id", models.BigIntegerField()),
                ("version_id", models.BigIntegerField(help_text="By which version of the rule")),
                ("how", models.CharField(max_length=12)),
                ("added_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SegmentUpkeep",
            fields=[
                ("segment", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="upkeep", serialize=False, to="segments.segment")),
                ("reads", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), help_text="Kinds of watches that its rule depends on", size=None)),
                ("moves", models.CharField(choices=[("never", "once a day, to be sure"), ("daily", "at the turn of each day (UTC)"), ("always", "each hour")], max_length=6)),
                ("stands_on", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text="Itself and the segments its rule names", size=None)),
                ("rules", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), help_text="The versions of those for which all of this was worked out", size=None)),
                ("version_id", models.BigIntegerField()),
                ("every", models.DurationField(blank=True, help_text="Between passes; null: by how time changes it", null=True)),
                ("watched_from", models.BigIntegerField(null=True)),
                ("due_at", models.DateTimeField(help_text="When the next pass begins", null=True)),
                ("how", models.CharField(help_text="Of the next or present pass", max_length=12)),
                ("began_at", models.DateTimeField(null=True)),
                ("passed", models.BigIntegerField(null=True)),
                ("upto", models.BigIntegerField(default=0, help_text="The highest contact id when it began")),
                ("chunk", models.PositiveIntegerField(default=20000, help_text="Contacts a transaction; it grows and shrinks")),
                ("passed_at", models.DateTimeField(help_text="When the last pass ended", null=True)),
                ("size", models.BigIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name="TailMark",
            fields=[
                ("log", models.CharField(max_length=63, primary_key=True, serialize=False)),
                ("xid", models.BigIntegerField()),
                ("row", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Touch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contact_id", models.BigIntegerField(null=True)),
                ("watch", models.CharField(max_length=20)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="segment",
            name="frozen_at",
            field=models.DateTimeField(blank=True, help_text="Since when it is its members and not its rule", null=True),
        ),
        # a queue: its rows live for seconds, and what is left of them stands in the way of the next claim
        migrations.RunSQL(
            "ALTER TABLE segments_touch SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            WATCH, "DROP FUNCTION segments_watch(text, text, text, text); DROP FUNCTION segments_unwatch(text, text)"
        ),
        *[watched(*one) for one in WATCHED],
    ]  # fmt: skip
