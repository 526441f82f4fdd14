import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.append_only import append_only, month_log


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("config", "0001_roles"),
        ("compliance", "0001_initial"),
        ("segments", "0001_initial"),
        ("templates", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        month_log(
            "campaigns_enrolmentevent",
            """
            kind varchar(10) NOT NULL,
            contact_id bigint NOT NULL,
            campaign_id bigint NOT NULL,
            run_id bigint NOT NULL,
            step_id bigint,
            outcome varchar(60) NOT NULL DEFAULT ''
        """,
            indexes=["contact_id, campaign_id"],
            state=[
                migrations.CreateModel(
                    name="EnrolmentEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("entered", "Entered"),
                                    ("passed", "Passed"),
                                    ("completed", "Completed"),
                                    ("exited", "Exited"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("contact_id", models.BigIntegerField()),
                        ("campaign_id", models.BigIntegerField()),
                        ("run_id", models.BigIntegerField()),
                        ("step_id", models.BigIntegerField(null=True)),
                        ("outcome", models.CharField(blank=True, db_default="", max_length=60)),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                ("kind", models.CharField(choices=[("broadcast", "Broadcast")], default="broadcast", max_length=15)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("transactional", "Transactional")],
                        default="marketing",
                        max_length=15,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("scheduled", "Scheduled"),
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "scheduled_local",
                    models.CharField(blank=True, default="", help_text="2026-12-24T09:00:00", max_length=19),
                ),
                ("scheduled_zone", models.CharField(blank=True, default="", max_length=50)),
                ("scheduled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "late_policy",
                    models.CharField(choices=[("send", "Send"), ("hold", "Hold")], default="hold", max_length=4),
                ),
                ("late_after_minutes", models.PositiveIntegerField(default=30)),
                (
                    "held_reason",
                    models.TextField(blank=True, default="", help_text="Why it waits for a person"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("launched_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "brand",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.brand",
                    ),
                ),
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
                ("excluded_lists", models.ManyToManyField(blank=True, related_name="+", to="segments.contactlist")),
                ("excluded_segments", models.ManyToManyField(blank=True, related_name="+", to="segments.segment")),
                (
                    "list",
                    models.ForeignKey(
                        blank=True,
                        help_text="What its unsubscribe link leaves; blank: the brand",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="segments.contactlist",
                    ),
                ),
                ("lists", models.ManyToManyField(blank=True, related_name="+", to="segments.contactlist")),
                ("segments", models.ManyToManyField(blank=True, related_name="+", to="segments.segment")),
                (
                    "sender",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.sender",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="templates.messagetemplate",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("launch_campaign", "Can launch, schedule, pause, resume and cancel campaigns"),
                    ("send_transactional", "Can launch and schedule campaigns of transactional purpose"),
                ],
            },
        ),
        migrations.CreateModel(
            name="JourneyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("entry", models.CharField(help_text="Key of the first step", max_length=50)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="campaigns.campaign"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("freezing", "Freezing"),
                            ("running", "Running"),
                            ("closing", "Closing"),
                            ("ended", "Ended"),
                        ],
                        default="freezing",
                        max_length=10,
                    ),
                ),
                (
                    "audience",
                    models.PositiveBigIntegerField(default=0, help_text="Its enrolments; final once running"),
                ),
                ("lease_until", models.DateTimeField(blank=True, help_text="Of the worker that freezes", null=True)),
                ("started_at", models.DateTimeField()),
                ("frozen_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="campaigns.campaign"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campaigns.journeyversion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField()),
                ("kind", models.CharField(max_length=20)),
                ("config", models.JSONField(default=dict)),
                (
                    "next",
                    models.JSONField(default=dict, help_text="{outcome: key of the next step}; none: the journey ends"),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="campaigns.journeyversion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contact_id", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("completed", "Completed"), ("exited", "Exited")],
                        db_default="waiting",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("outcome", models.CharField(blank=True, db_default="", help_text="Why it ended", max_length=60)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="enrolments",
                        to="campaigns.run",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.step",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(
                models.F("scheduled_at"),
                condition=models.Q(("held_reason", ""), ("state", "scheduled")),
                name="campaign_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "scheduled"), _negated=True) | models.Q(("scheduled_at__isnull", False)),
                name="campaign_scheduled_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="journeyversion",
            constraint=models.UniqueConstraint(fields=("campaign", "number"), name="journey_version_number"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                models.F("state"), condition=models.Q(("state", "ended"), _negated=True), name="run_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(fields=("campaign", "number"), name="run_number"),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.UniqueConstraint(fields=("version", "key"), name="step_key"),
        ),
        migrations.AddIndex(
            model_name="enrolment",
            index=models.Index(
                models.F("run"),
                models.F("step"),
                models.F("due_at"),
                condition=models.Q(("state", "waiting")),
                name="enrolment_due",
            ),
        ),
        migrations.AddIndex(
            model_name="enrolment",
            index=models.Index(models.F("contact_id"), name="enrolment_contact"),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.UniqueConstraint(fields=("run", "contact_id"), name="enrolment_once"),
        ),
        append_only("campaigns_journeyversion"),
        append_only("campaigns_step"),
    ]
