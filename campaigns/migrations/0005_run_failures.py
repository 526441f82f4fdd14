from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_resumed_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="failures",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="Freezes in a row that broke off"
            ),
        ),
    ]
