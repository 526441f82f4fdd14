import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.append_only import append_only, application_role

COHORT_NEVER_CHANGES = """
CREATE FUNCTION segments_keep_cohort() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'cohort_on is set when a contact is made and never changes' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER keep_cohort BEFORE UPDATE OF cohort_on ON segments_contact
    FOR EACH ROW WHEN (OLD.cohort_on IS DISTINCT FROM NEW.cohort_on) EXECUTE FUNCTION segments_keep_cohort();
"""

# The planner has to know at once what an import brought; only the owner of a table may ANALYZE it.
ANALYZE = """
CREATE FUNCTION segments_analyze_import() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    ANALYZE public.segments_stagedrow;
    ANALYZE public.segments_contact;
END $$;
REVOKE EXECUTE ON FUNCTION segments_analyze_import() FROM PUBLIC;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("config", "0001_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Attribute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("string", "String"),
                            ("number", "Number"),
                            ("boolean", "Boolean"),
                            ("date", "Date"),
                            ("list", "List"),
                        ],
                        max_length=10,
                    ),
                ),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="ContactList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                (
                    "is_seed",
                    models.BooleanField(
                        default=False, help_text="Its people may be sent tests", verbose_name="seed list"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "list",
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(blank=True, max_length=255, null=True)),
                ("email", models.CharField(blank=True, help_text="In normal form", max_length=320, null=True)),
                ("email_as_given", models.CharField(blank=True, db_default="", default="", max_length=320)),
                ("email_key", models.BigIntegerField(blank=True, editable=False, null=True)),
                ("phone", models.CharField(blank=True, help_text="E.164", max_length=16, null=True)),
                ("first_name", models.CharField(blank=True, db_default="", default="", max_length=100)),
                ("last_name", models.CharField(blank=True, db_default="", default="", max_length=100)),
                (
                    "country",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="ISO 3166-1 alpha-2", max_length=2
                    ),
                ),
                ("language", models.CharField(db_default="en", default="en", max_length=10)),
                ("timezone", models.CharField(db_default="UTC", default="UTC", max_length=50)),
                (
                    "attributes",
                    models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
                ),
                (
                    "cohort_on",
                    models.DateField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        help_text="Set at creation, never changed",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
            options={
                "indexes": [
                    models.Index(models.F("phone"), condition=models.Q(("phone__isnull", False)), name="contact_phone"),
                    models.Index(
                        models.F("email_key"),
                        condition=models.Q(("email_key__isnull", False)),
                        name="contact_email_key",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("external_id",), name="contact_external_id_once"),
                    models.UniqueConstraint(fields=("email",), name="contact_email_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("email__isnull", True), models.Q(("email", ""), _negated=True), _connector="OR"
                        ),
                        name="contact_email_not_blank",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("external_id__isnull", True), models.Q(("external_id", ""), _negated=True), _connector="OR"
                        ),
                        name="contact_external_id_not_blank",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("email__isnull", True), ("email_key__isnull", True)),
                            models.Q(("email__isnull", False), ("email_key__isnull", False)),
                            _connector="OR",
                        ),
                        name="contact_email_with_its_key",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="The file's name as uploaded", max_length=255)),
                ("file", models.FileField(max_length=255, upload_to="imports/")),
                ("size", models.PositiveBigIntegerField(default=0, help_text="Bytes")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("staging", "Staging"),
                            ("checked", "Checked"),
                            ("running", "Running"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                ("encoding", models.CharField(blank=True, default="", max_length=40)),
                ("delimiter", models.CharField(blank=True, default="", max_length=1)),
                ("columns", models.JSONField(default=list, help_text="Headers in the order of the file")),
                (
                    "mapping",
                    models.JSONField(
                        default=dict, help_text='{header: contact field, "attribute:<name>:<type>" or blank}'
                    ),
                ),
                (
                    "update_policy",
                    models.CharField(
                        choices=[
                            ("overwrite", "Overwrite with what the file has"),
                            ("fill_blanks", "Fill in only what is blank"),
                            ("skip", "Leave existing contacts as they are"),
                        ],
                        default="overwrite",
                        max_length=12,
                    ),
                ),
                (
                    "default_region",
                    models.CharField(blank=True, default="", help_text="Country of national numbers", max_length=2),
                ),
                (
                    "counts",
                    models.JSONField(
                        default=dict, help_text="Dry run: rows, new, changed, unchanged, invalid, duplicate, …"
                    ),
                ),
                ("results", models.JSONField(default=dict, help_text="Rows written so far by outcome")),
                (
                    "line_done",
                    models.PositiveBigIntegerField(default=0, help_text="Last line read or written in this state"),
                ),
                ("rows_done", models.PositiveBigIntegerField(default=0)),
                ("bytes_done", models.PositiveBigIntegerField(default=0)),
                ("error", models.TextField(blank=True, default="")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Takers of the lease since the last progress"
                    ),
                ),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        blank=True,
                        help_text="To put people on",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.contactlist",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "imported_from_id", "line", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line", models.PositiveBigIntegerField(help_text="Line in the file, the header is line 1")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("changed", "Changed"),
                            ("unchanged", "Unchanged"),
                            ("invalid", "Invalid"),
                            ("duplicate", "Duplicate"),
                            ("conflict", "Conflict"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, db_default="", default="", max_length=255)),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="segments.contact",
                    ),
                ),
                (
                    "imported_from",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="segments.import",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ListMembership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "added_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="list_memberships",
                        to="segments.contact",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="segments.contactlist",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255, unique=True)),
                ("description", models.CharField(blank=True, default="", max_length=500)),
                ("dynamic", models.BooleanField(default=True, help_text="Membership follows the data")),
                ("size", models.PositiveBigIntegerField(blank=True, null=True)),
                ("sized_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SegmentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("criteria", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="segments.segment"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="segment",
            name="current",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="segments.segmentversion"
            ),
        ),
        migrations.CreateModel(
            name="StagedRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "imported_from_id", "line", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line", models.PositiveBigIntegerField()),
                ("external_id", models.TextField(null=True)),
                ("email", models.TextField(null=True)),
                ("email_as_given", models.TextField(help_text="Null when it is the same", null=True)),
                ("email_key", models.BigIntegerField(null=True)),
                ("phone", models.TextField(null=True)),
                ("first_name", models.TextField(null=True)),
                ("last_name", models.TextField(null=True)),
                ("country", models.TextField(null=True)),
                ("language", models.TextField(null=True)),
                ("timezone", models.TextField(null=True)),
                ("attributes", models.JSONField(null=True)),
                ("suppressed", models.BooleanField(default=False)),
                (
                    "imported_from",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staged",
                        to="segments.import",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                models.F("lease_until"),
                condition=models.Q(("state__in", ["staging", "running"])),
                name="import_at_work",
            ),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(models.F("contact"), models.F("imported_from"), name="import_row_contact"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                models.F("imported_from"),
                models.F("outcome"),
                models.F("line"),
                condition=models.Q(("outcome__in", ["invalid", "duplicate", "conflict"])),
                name="import_row_problem",
            ),
        ),
        migrations.AddConstraint(
            model_name="listmembership",
            constraint=models.UniqueConstraint(fields=("list", "contact"), name="list_membership_once"),
        ),
        migrations.AddConstraint(
            model_name="segmentversion",
            constraint=models.UniqueConstraint(fields=("segment", "number"), name="segment_version_number"),
        ),
        append_only("segments_segmentversion"),
        migrations.RunSQL(
            COHORT_NEVER_CHANGES,
            "DROP TRIGGER keep_cohort ON segments_contact; DROP FUNCTION segments_keep_cohort();",
        ),
        migrations.RunSQL(
            f'{ANALYZE} GRANT EXECUTE ON FUNCTION segments_analyze_import() TO "{application_role()}"',
            "DROP FUNCTION segments_analyze_import()",
        ),
    ]
