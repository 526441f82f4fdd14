from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0004_sending_core"),
    ]

    operations = [
        migrations.AddField(
            model_name="sendtally",
            name="bounced",
            field=models.PositiveIntegerField(
                db_default=0, help_text="Of the failed, those that their mailbox refused"
            ),
        ),
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
                    ("revived", "Revived"),
                    ("readmitted", "Readmitted"),
                    ("resolved", "Resolved"),
                ],
                max_length=12,
            ),
        ),
    ]
