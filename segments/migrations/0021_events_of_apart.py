from django.db import migrations

# plpgsql, so that it stays a call: written into the plan, its dozen scans were planned anew for each rule, counted as if
# each row needed them, and its WITH kept parallel workers away. COST: a look-up takes 10,000 times an operator, and one
# row in a hundred needs it.
FUNCTION = """
CREATE OR REPLACE FUNCTION segments_events_of(contact bigint, since timestamptz, until timestamptz)
RETURNS SETOF segments_personevent LANGUAGE {language} STABLE PARALLEL SAFE COST 100 ROWS {rows} AS $$
    {begin} WITH selves(id) AS (
        SELECT contact UNION ALL SELECT f.former_id FROM segments_formercontact f WHERE f.contact_id = contact
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
    ) AND p.contact_id = contact{end}
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0020_attribute_writer")]

    operations = [
        migrations.RunSQL(
            FUNCTION.format(language="plpgsql", rows=10, begin="BEGIN RETURN QUERY", end="; END"),
            FUNCTION.format(language="sql", rows=1000, begin="", end=""),
        )
    ]
