import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from config.lib.append_only import month_log


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("config", "0001_roles"),
        ("compliance", "0001_initial"),
        ("segments", "0001_initial"),
        ("templates", "0001_initial"),
    ]

    operations = [
        month_log(
            "delivery_deliveryevent",
            """
            kind varchar(12) NOT NULL,
            message_id bigint NOT NULL,
            contact_id bigint NOT NULL,
            campaign_id bigint NOT NULL,
            order_id bigint NOT NULL,
            channel varchar(10) NOT NULL,
            attempt integer NOT NULL DEFAULT 0,
            reason varchar(60) NOT NULL DEFAULT '',
            detail varchar(500) NOT NULL DEFAULT ''
        """,
            indexes=["message_id"],
            state=[
                migrations.CreateModel(
                    name="DeliveryEvent",
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
                                    ("queued", "Queued"),
                                    ("sent", "Sent"),
                                    ("delivered", "Delivered"),
                                    ("opened", "Opened"),
                                    ("clicked", "Clicked"),
                                    ("bounced", "Bounced"),
                                    ("deferred", "Deferred"),
                                    ("complained", "Complained"),
                                    ("unsubscribed", "Unsubscribed"),
                                    ("rejected", "Rejected"),
                                    ("failed", "Failed"),
                                    ("skipped", "Skipped"),
                                    ("unknown", "Unknown"),
                                    ("cancelled", "Cancelled"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("message_id", models.BigIntegerField()),
                        ("contact_id", models.BigIntegerField()),
                        ("campaign_id", models.BigIntegerField()),
                        ("order_id", models.BigIntegerField()),
                        ("channel", models.CharField(max_length=10)),
                        ("attempt", models.PositiveIntegerField(db_default=0)),
                        ("reason", models.CharField(blank=True, db_default="", max_length=60)),
                        (
                            "detail",
                            models.CharField(
                                blank=True, db_default="", help_text="The server's words, no address", max_length=500
                            ),
                        ),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProviderAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("kind", models.CharField(help_text="smtp, …", max_length=20)),
                ("channel", models.CharField(default="email", max_length=10)),
                (
                    "config",
                    models.JSONField(
                        blank=True, default=dict, help_text="Host, port, security, user; the password is sealed"
                    ),
                ),
                ("sealed_secret", models.TextField(blank=True, default="", editable=False)),
                ("priority", models.PositiveSmallIntegerField(default=100)),
                ("active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="SendOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("campaign_id", models.BigIntegerField()),
                ("step_id", models.BigIntegerField()),
                ("run", models.PositiveIntegerField(default=1)),
                ("channel", models.CharField(default="email", max_length=10)),
                (
                    "lane",
                    models.CharField(
                        choices=[("transactional", "Transactional"), ("triggered", "Triggered"), ("bulk", "Bulk")],
                        max_length=15,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("transactional", "Transactional")], max_length=15
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("held", "Held"), ("closed", "Closed")], default="open", max_length=6
                    ),
                ),
                (
                    "audience_lists",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Lists it goes to: who left one is not written to",
                        size=None,
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, help_text="No attempt begins after this", null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="compliance.brand"
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
                (
                    "sender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="compliance.sender"
                    ),
                ),
                (
                    "template_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="templates.templateversion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contact_id", models.BigIntegerField()),
                ("channel", models.CharField(db_default="email", default="email", max_length=10)),
                (
                    "address_key",
                    models.BigIntegerField(help_text="Hash key of the address at planning time", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "Ready"),
                            ("claimed", "Claimed"),
                            ("dispatching", "Dispatching"),
                            ("sent", "Sent"),
                            ("skipped", "Skipped"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_default="ready",
                        max_length=11,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", help_text="Why skipped, failed, cancelled", max_length=60
                    ),
                ),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "attempt",
                    models.PositiveIntegerField(db_default=0, help_text="Times it was begun; fences off late workers"),
                ),
                (
                    "deferrals",
                    models.PositiveIntegerField(db_default=0, help_text="Times the server asked to come back later"),
                ),
                ("deferred_since", models.DateTimeField(null=True)),
                ("provider_account_id", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="delivery.sendorder",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="sendorder",
            index=models.Index(
                models.F("lane"), models.F("channel"), condition=models.Q(("state", "open")), name="send_order_open"
            ),
        ),
        migrations.AddIndex(
            model_name="sendorder",
            index=models.Index(models.F("campaign_id"), name="send_order_campaign"),
        ),
        migrations.AddConstraint(
            model_name="sendorder",
            constraint=models.UniqueConstraint(fields=("step_id", "run", "channel"), name="send_order_once"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                models.F("order"),
                models.F("due_at"),
                models.F("id"),
                condition=models.Q(("state", "ready")),
                name="message_ready",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                models.F("lease_until"),
                condition=models.Q(("state__in", ["claimed", "dispatching"])),
                name="message_leased",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                models.F("address_key"),
                condition=models.Q(("state__in", ["ready", "claimed", "dispatching"])),
                name="message_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(models.F("contact_id"), models.F("order"), name="message_contact"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("order", "contact_id"), name="message_once"),
        ),
    ]
