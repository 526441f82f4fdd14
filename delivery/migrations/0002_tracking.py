import django.db.models.functions.datetime
from django.db import migrations, models

from config.lib.append_only import append_only, month_log


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agent",
            fields=[
                ("hash", models.BigIntegerField(primary_key=True, serialize=False)),
                ("words", models.CharField(max_length=500)),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        month_log(
            "delivery_hit",
            """
            kind varchar(8) NOT NULL,
            message_id bigint NOT NULL,
            contact_id bigint NOT NULL,
            campaign_id bigint NOT NULL,
            order_id bigint NOT NULL,
            link_id bigint,
            target_hash bigint,
            agent_hash bigint NOT NULL,
            network varchar(43) NOT NULL DEFAULT ''
        """,
            indexes=["message_id"],
            state=[
                migrations.CreateModel(
                    name="Hit",
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
                                choices=[("opened", "Opened"), ("clicked", "Clicked"), ("baited", "Baited")],
                                max_length=8,
                            ),
                        ),
                        ("message_id", models.BigIntegerField()),
                        ("contact_id", models.BigIntegerField()),
                        ("campaign_id", models.BigIntegerField()),
                        ("order_id", models.BigIntegerField()),
                        (
                            "link_id",
                            models.BigIntegerField(
                                help_text="The template's link; null when it has contact data in it", null=True
                            ),
                        ),
                        (
                            "target_hash",
                            models.BigIntegerField(help_text="Of the address, where the link has no row", null=True),
                        ),
                        ("agent_hash", models.BigIntegerField(help_text="Of the words of User-Agent")),
                        (
                            "network",
                            models.CharField(blank=True, db_default="", help_text="A /24 or /48", max_length=43),
                        ),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="Unjudged",
            fields=[
                ("hit_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hit_id", models.BigIntegerField()),
                (
                    "verdict",
                    models.CharField(
                        choices=[("human", "Human"), ("prefetch", "Prefetch"), ("scanner", "Scanner")], max_length=8
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        blank=True, db_default="", help_text="Which rule said so; blank for human", max_length=20
                    ),
                ),
                ("rules_version", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [models.Index(models.F("hit_id"), models.F("id"), name="judgement_of_hit")],
            },
        ),
        append_only("delivery_judgement"),
        migrations.AlterField(
            model_name="deliveryevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("sent", "Sent"),
                    ("delivered", "Delivered"),
                    ("opened", "Opened"),
                    ("clicked", "Clicked"),
                    ("rejudged", "Rejudged"),
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
        migrations.AddField(
            model_name="sendorder",
            name="label",
            field=models.CharField(
                blank=True, default="", help_text="The campaign's name, to tag links with", max_length=200
            ),
        ),
    ]
