from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_sending_core"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="resumed_at",
            field=models.DateTimeField(blank=True, help_text="Since when its error rates count", null=True),
        ),
    ]
