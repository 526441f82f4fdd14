from importlib import import_module

import django.db.models.functions.datetime
from django.db import migrations, models

from config.lib.append_only import append_only

BEFORE = import_module("segments.migrations.0003_events").PEOPLE

# The view and its functions as in 0003, read through who became whom.
PEOPLE = """
CREATE OR REPLACE FUNCTION segments_owner(visitor bigint, at timestamptz, event uuid, ignoring bigint[] DEFAULT '{}')
RETURNS bigint LANGUAGE sql STABLE AS $$
    WITH whose(id) AS (SELECT coalesce(
        (SELECT contact_id FROM segments_identitylink
         WHERE visitor_id = visitor AND (linked_at, event_id) <= (at, event) AND id <> ALL(ignoring)
         ORDER BY linked_at DESC, event_id DESC LIMIT 1),
        (SELECT contact_id FROM segments_identitylink
         WHERE visitor_id = visitor AND id <> ALL(ignoring)
         ORDER BY linked_at, event_id LIMIT 1)
    ))
    SELECT coalesce(merged.contact_id, whose.id)
    FROM whose LEFT JOIN segments_formercontact merged ON merged.former_id = whose.id
$$;

CREATE OR REPLACE VIEW segments_personevent AS
SELECT e.id, e.at, e.xid, e.event_id, e.event_type_id, e.version_id, e.occurred_at, e.is_early,
       CASE WHEN e.contact_id IS NOT NULL THEN coalesce(merged.contact_id, e.contact_id)
            ELSE segments_owner(e.visitor_id, e.occurred_at, e.event_id) END AS contact_id,
       e.visitor_id, e.session_id, e.source, e.properties, e.context
FROM segments_rawevent e
LEFT JOIN segments_formercontact merged ON merged.former_id = e.contact_id;

CREATE OR REPLACE FUNCTION segments_events_of(contact bigint, since timestamptz, until timestamptz)
RETURNS SETOF segments_personevent LANGUAGE sql STABLE AS $$
    WITH selves(id) AS (
        SELECT contact UNION ALL SELECT former_id FROM segments_formercontact WHERE contact_id = contact
    )
    SELECT p.* FROM segments_personevent p
    WHERE p.id IN (
        SELECT e.id FROM segments_rawevent e
        WHERE e.contact_id IN (SELECT id FROM selves) AND e.occurred_at >= since AND e.occurred_at < until
        UNION ALL
        SELECT e.id FROM segments_rawevent e
        WHERE e.contact_id IS NULL AND e.occurred_at >= since AND e.occurred_at < until
          AND e.visitor_id IN (
              SELECT l.visitor_id FROM segments_identitylink l WHERE l.contact_id IN (SELECT id FROM selves))
    ) AND p.contact_id = contact
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("segments", "0003_events"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kept_id", models.BigIntegerField()),
                ("gone_id", models.BigIntegerField()),
                ("actor_id", models.BigIntegerField(null=True)),
                (
                    "taken",
                    models.JSONField(
                        help_text="Names of the fields and attributes that were filled in from the one that went"
                    ),
                ),
                ("merged_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [models.Index(models.F("kept_id"), name="contact_merge_kept")],
            },
        ),
        migrations.CreateModel(
            name="FormerContact",
            fields=[
                ("former_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("contact_id", models.BigIntegerField(help_text="Who it is now, however many merges later")),
                (
                    "external_id",
                    models.CharField(
                        help_text="What it was known by, when that is given up", max_length=255, null=True
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("contact_id"), name="former_contact_now")],
                "constraints": [models.UniqueConstraint(fields=("external_id",), name="former_contact_external_id")],
            },
        ),
        append_only("segments_contactmerge"),
        migrations.RunSQL(PEOPLE, BEFORE),
    ]
