import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.append_only import application_role

# The application role sees nothing of what the owner's sessions are at; of a promotion it may know this much.
PROGRESS = """
CREATE FUNCTION segments_index_progress(wanted text) RETURNS TABLE (phase text, done bigint, total bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.phase,
           CASE WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.tuples_done END,
           CASE WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.tuples_total END
    FROM pg_stat_progress_create_index p
    JOIN pg_class c ON c.oid = p.index_relid
    WHERE p.datname = current_database() AND c.relname = wanted
$$;
REVOKE EXECUTE ON FUNCTION segments_index_progress(text) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("segments", "0009_activity_hour"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Promotion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("building", "Building"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("leaving", "Leaving"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, help_text="Beginnings since it was asked for"),
                ),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "attribute",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="promotion", to="segments.attribute"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            f'{PROGRESS} GRANT EXECUTE ON FUNCTION segments_index_progress(text) TO "{application_role()}"',
            "DROP FUNCTION segments_index_progress(text)",
        ),
    ]
