import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.append_only import append_only


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
                ("external_id", models.CharField(blank=True, max_length=255, null=True, unique=True)),
                (
                    "email",
                    models.CharField(blank=True, help_text="In normal form", max_length=320, null=True, unique=True),
                ),
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
                (
                    "mapping",
                    models.JSONField(
                        default=dict, help_text='{"column header": "contact field, attribute:<name> or blank"}'
                    ),
                ),
                (
                    "update_policy",
                    models.CharField(
                        choices=[("overwrite", "Overwrite"), ("fill_blanks", "Fill Blanks"), ("skip", "Skip")],
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
                        default=dict, help_text="rows, new, changed, unchanged, invalid, duplicate, conflict, …"
                    ),
                ),
                ("rows_done", models.PositiveBigIntegerField(default=0)),
                ("error", models.TextField(blank=True, default="")),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
            name="ImportRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveBigIntegerField(help_text="Line in the file, the header is line 1")),
                ("outcome", models.CharField(blank=True, db_default="", default="", max_length=12)),
                ("reason", models.CharField(blank=True, db_default="", default="", max_length=255)),
                ("values", models.JSONField(blank=True, help_text="Cleaned values; null once written", null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="segments.contact",
                    ),
                ),
                (
                    "imported_from",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="segments.import"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("contact"), models.F("imported_from"), name="import_row_contact")],
                "constraints": [models.UniqueConstraint(fields=("imported_from", "line"), name="import_row_line")],
            },
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
            options={
                "constraints": [models.UniqueConstraint(fields=("list", "contact"), name="list_membership_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="segmentversion",
            constraint=models.UniqueConstraint(fields=("segment", "number"), name="segment_version_number"),
        ),
        append_only("segments_segmentversion"),
    ]
