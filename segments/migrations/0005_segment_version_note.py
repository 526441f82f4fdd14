from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0004_merging")]

    operations = [
        migrations.AddField(
            model_name="segmentversion",
            name="note",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="What has changed, and why", max_length=255
            ),
        ),
    ]
