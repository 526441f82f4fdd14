import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("delivery", "0001_initial")]

    operations = [
        # the order in which the log is counted; the index reaches partitions to come as well
        migrations.RunSQL(
            "CREATE INDEX delivery_deliveryevent_order ON delivery_deliveryevent (xid, id)",
            "DROP INDEX delivery_deliveryevent_order",
        ),
        migrations.CreateModel(
            name="Freshness",
            fields=[
                (
                    "name",
                    models.CharField(help_text="The derived table", max_length=50, primary_key=True, serialize=False),
                ),
                ("expected_lag", models.DurationField(help_text="What is usual")),
                ("alert_threshold", models.DurationField(help_text="Older than this is reported")),
                (
                    "last_success_at",
                    models.DateTimeField(help_text="The table tells everything up to this moment", null=True),
                ),
                (
                    "late_since",
                    models.DateTimeField(blank=True, help_text="Since when the check has found it too old", null=True),
                ),
            ],
            options={
                "verbose_name_plural": "freshness",
            },
        ),
        migrations.CreateModel(
            name="StreamMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("live", "Live"), ("building", "Building"), ("retired", "Retired")], max_length=8
                    ),
                ),
                ("system_identifier", models.BigIntegerField(help_text="The cluster whose transaction ids these are")),
                ("timeline", models.IntegerField()),
                (
                    "base_xid",
                    models.BigIntegerField(
                        default=0, help_text="With base_id: events from here up to that id are restored"
                    ),
                ),
                ("base_id", models.BigIntegerField(default=0)),
                ("native", models.BooleanField(default=True, help_text="Whether it has done with what was restored")),
                ("xid", models.BigIntegerField(default=0)),
                ("event_id", models.BigIntegerField(default=0)),
                ("events", models.BigIntegerField(default=0, help_text="How many it has counted")),
                ("as_of", models.DateTimeField(help_text="Everything logged before this is counted", null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("state"), condition=models.Q(("state", "live")), name="stream_mark_one_live"
                    ),
                    models.UniqueConstraint(
                        models.F("state"), condition=models.Q(("state", "building")), name="stream_mark_one_building"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LinkStat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("campaign_id", models.BigIntegerField()),
                ("step_id", models.BigIntegerField(help_text="The step of the order; 0 when the order is gone")),
                ("channel", models.CharField(max_length=10)),
                ("hour", models.DateTimeField(help_text="UTC")),
                ("total", models.BigIntegerField(default=0, help_text="Events")),
                ("unique", models.BigIntegerField(default=0, help_text="Messages")),
                ("human_total", models.BigIntegerField(default=0, help_text="Events, without those of machines")),
                ("human_unique", models.BigIntegerField(default=0, help_text="Messages, without events of machines")),
                ("link_id", models.BigIntegerField(help_text="Of the template version's links")),
                (
                    "mark",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="analytics.streammark",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("mark", "campaign_id", "step_id", "channel", "link_id", "hour"), name="link_stat_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignStat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("campaign_id", models.BigIntegerField()),
                ("step_id", models.BigIntegerField(help_text="The step of the order; 0 when the order is gone")),
                ("channel", models.CharField(max_length=10)),
                ("hour", models.DateTimeField(help_text="UTC")),
                ("total", models.BigIntegerField(default=0, help_text="Events")),
                ("unique", models.BigIntegerField(default=0, help_text="Messages")),
                ("human_total", models.BigIntegerField(default=0, help_text="Events, without those of machines")),
                ("human_unique", models.BigIntegerField(default=0, help_text="Messages, without events of machines")),
                ("kind", models.CharField(max_length=12)),
                (
                    "mark",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="analytics.streammark",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("mark", "campaign_id", "step_id", "channel", "kind", "hour"), name="campaign_stat_once"
                    )
                ],
            },
        ),
    ]
