import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from config.lib.append_only import month_log


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        month_log(
            "compliance_auditentry",
            """
            actor_id bigint,
            api_key_id bigint,
            action varchar(60) NOT NULL,
            object_kind varchar(30) NOT NULL,
            object_id bigint,
            changes jsonb NOT NULL DEFAULT '{}',
            request_id varchar(64) NOT NULL DEFAULT '',
            ip inet
        """,
            indexes=["object_kind, object_id", "actor_id"],
            state=[
                migrations.CreateModel(
                    name="AuditEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("actor_id", models.BigIntegerField(help_text="The person with a role", null=True)),
                        ("api_key_id", models.BigIntegerField(null=True)),
                        ("action", models.CharField(help_text="segment_created, …", max_length=60)),
                        ("object_kind", models.CharField(max_length=30)),
                        ("object_id", models.BigIntegerField(null=True)),
                        (
                            "changes",
                            models.JSONField(
                                db_default=models.Value({}, models.JSONField()), help_text="{field: [before, after]}"
                            ),
                        ),
                        ("request_id", models.CharField(blank=True, db_default="", max_length=64)),
                        ("ip", models.GenericIPAddressField(null=True)),
                    ],
                    options={
                        "verbose_name_plural": "audit entries",
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                (
                    "prefix",
                    models.CharField(editable=False, help_text="Its first letters, to recognise it by", max_length=20),
                ),
                ("digest", models.BinaryField(help_text="SHA-256 of the key", max_length=32, unique=True)),
                ("scopes", models.JSONField(default=list, help_text="What it may do, within what its owner may")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
            },
        ),
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField(help_text="Hash of method, path and body", max_length=32)),
                (
                    "status",
                    models.PositiveSmallIntegerField(help_text="Null while the first request is at work", null=True),
                ),
                (
                    "sealed_answer",
                    models.BinaryField(
                        help_text="Headers and body, sealed: they may hold a person's values", null=True
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "api_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="compliance.apikey"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("api_key", "key"), name="idempotency_key_once")],
            },
        ),
        migrations.AlterModelOptions(
            name="sender",
            options={"permissions": [("send_test", "Can send tests of templates as a sender")]},
        ),
    ]
