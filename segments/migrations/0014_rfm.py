import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import segments.models.events
from config.lib.append_only import application_role

ANALYZE = """
CREATE FUNCTION segments_analyze_rfm() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    ANALYZE public.segments_rfmscore;
END $$;
REVOKE EXECUTE ON FUNCTION segments_analyze_rfm() FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("segments", "0013_memberships"),
    ]

    operations = [
        migrations.CreateModel(
            name="RfmScore",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "snapshot_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("snapshot_id", models.BigIntegerField()),
                ("contact_id", models.BigIntegerField()),
                ("recency_days", models.IntegerField(help_text="Whole days since the last purchase")),
                ("frequency", models.BigIntegerField(help_text="Purchases")),
                (
                    "monetary",
                    segments.models.events.ExactField(
                        decimal_places=500, help_text="What they came to", max_digits=1000
                    ),
                ),
                ("first_at", models.DateTimeField(help_text="The first purchase")),
                ("recency_score", models.SmallIntegerField()),
                ("frequency_score", models.SmallIntegerField()),
                ("monetary_score", models.SmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RfmSnapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("taken_at", models.DateTimeField(help_text="The moment that recency is counted back from")),
                ("people", models.PositiveBigIntegerField(default=0)),
                ("money", segments.models.events.ExactField(decimal_places=500, default=0, max_digits=1000)),
                (
                    "recency_thresholds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "frequency_thresholds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "monetary_thresholds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=segments.models.events.ExactField(decimal_places=500, max_digits=1000),
                        default=list,
                        size=None,
                    ),
                ),
                ("written_to", models.BigIntegerField(default=0, help_text="The last contact that is scored")),
                (
                    "has_people",
                    models.BooleanField(default=True, help_text="False: of an old one only the cells are kept"),
                ),
                ("begun_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("finished_at",),
                        name="rfm_one_at_work",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RfmCell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recency_score", models.SmallIntegerField()),
                ("frequency_score", models.SmallIntegerField()),
                ("monetary_score", models.SmallIntegerField()),
                ("people", models.PositiveBigIntegerField()),
                ("money", segments.models.events.ExactField(decimal_places=500, max_digits=1000)),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cells",
                        to="segments.rfmsnapshot",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("snapshot", "recency_score", "frequency_score", "monetary_score"), name="rfm_cell_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            f'{ANALYZE} GRANT EXECUTE ON FUNCTION segments_analyze_rfm() TO "{application_role()}"',
            "DROP FUNCTION segments_analyze_rfm()",
        ),
    ]
