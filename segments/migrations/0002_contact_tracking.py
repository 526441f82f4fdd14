from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="tracking",
            field=models.BooleanField(db_default=True, default=True, help_text="Whether opens and clicks are recorded"),
        ),
    ]
