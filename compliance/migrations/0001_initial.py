import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from config.lib.append_only import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("config", "0001_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="Brand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("legal_name", models.CharField(blank=True, default="", max_length=200)),
                ("postal_address", models.TextField(blank=True, default="")),
                (
                    "contact_url",
                    models.URLField(blank=True, default="", help_text="Web page or mailto: to reach the sender"),
                ),
                (
                    "public_base_url",
                    models.URLField(blank=True, default="", help_text="Where links in its mails point; blank: ours"),
                ),
                (
                    "return_path_domain",
                    models.CharField(blank=True, default="", help_text="Takes bounces", max_length=253),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(default="email", max_length=10)),
                (
                    "address_digest",
                    models.BinaryField(help_text="HMAC-SHA256 of the normalised address", max_length=32),
                ),
                ("key_id", models.PositiveSmallIntegerField(help_text="Which of ADDRESS_KEYS made the digest")),
                ("address_key", models.BigIntegerField(help_text="First 8 bytes of the digest")),
                (
                    "scope",
                    models.CharField(
                        choices=[("list", "List"), ("brand", "Brand"), ("global", "Global")], max_length=10
                    ),
                ),
                ("scope_id", models.BigIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unsubscribed", "Unsubscribed"),
                            ("complained", "Complained"),
                            ("bounced", "Bounced"),
                            ("manual", "Manual"),
                            ("erased", "Erased"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.CharField(help_text="one_click, page, admin, command, api, import, smtp, …", max_length=50),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("address_key", "channel", "scope", "scope_id", "reason", "address_digest"),
                        name="suppression_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "global"), ("scope_id", 0)),
                            models.Q(models.Q(("scope", "global"), _negated=True), ("scope_id__gt", 0)),
                            _connector="OR",
                        ),
                        name="suppression_scope_id",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuppressionEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(default="email", max_length=10)),
                (
                    "address_digest",
                    models.BinaryField(help_text="HMAC-SHA256 of the normalised address", max_length=32),
                ),
                ("key_id", models.PositiveSmallIntegerField(help_text="Which of ADDRESS_KEYS made the digest")),
                ("address_key", models.BigIntegerField(help_text="First 8 bytes of the digest")),
                (
                    "scope",
                    models.CharField(
                        choices=[("list", "List"), ("brand", "Brand"), ("global", "Global")], max_length=10
                    ),
                ),
                ("scope_id", models.BigIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unsubscribed", "Unsubscribed"),
                            ("complained", "Complained"),
                            ("bounced", "Bounced"),
                            ("manual", "Manual"),
                            ("erased", "Erased"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.CharField(help_text="one_click, page, admin, command, api, import, smtp, …", max_length=50),
                ),
                (
                    "action",
                    models.CharField(choices=[("suppressed", "Suppressed"), ("lifted", "Lifted")], max_length=10),
                ),
                ("contact_id", models.BigIntegerField(null=True)),
                ("message_id", models.BigIntegerField(null=True)),
                ("actor_id", models.BigIntegerField(help_text="The person with a role who did it", null=True)),
                ("note", models.CharField(blank=True, default="", max_length=255)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                "indexes": [models.Index(models.F("address_key"), models.F("at"), name="suppression_event_address")],
            },
        ),
        migrations.CreateModel(
            name="Sender",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_name", models.CharField(max_length=200)),
                ("from_email", models.CharField(max_length=320)),
                ("reply_to", models.CharField(blank=True, default="", max_length=320)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="senders", to="compliance.brand"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("brand", "from_email", "from_name"), name="sender_once")
                ],
            },
        ),
        append_only("compliance_suppressionevent"),
    ]
