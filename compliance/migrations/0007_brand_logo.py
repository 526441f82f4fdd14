from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compliance", "0006_watch_suppressions")]
    operations = [
        migrations.AddField(
            "brand",
            "logo",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="File of an image, as assets are served",
                max_length=50,
            ),
        ),
    ]
