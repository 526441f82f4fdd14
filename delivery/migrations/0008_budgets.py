import django.db.models.functions.datetime
from django.db import migrations, models

from config.lib.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("delivery", "0007_message_throttled")]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("campaign_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("charged", models.DecimalField(db_default=0, decimal_places=6, default=0, max_digits=18)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("charged__gte", 0)), name="budget_charged_not_negative")
                ],
            },
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("campaign_id", models.BigIntegerField()),
                ("account_id", models.BigIntegerField()),
                ("messages", models.IntegerField()),
                (
                    "cost_each",
                    models.DecimalField(decimal_places=6, help_text="In the currency of the deployment", max_digits=12),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("campaign_id"), name="charge_campaign")],
            },
        ),
        append_only("delivery_charge"),
    ]
