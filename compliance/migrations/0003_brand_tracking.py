from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compliance", "0002_access")]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="tracking",
            field=models.BooleanField(default=True, help_text="Whether opens and clicks of its mails are recorded"),
        ),
        migrations.AddField(
            model_name="brand",
            name="utm",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Added to links that lack them: {"utm_source": "news", "utm_campaign": "{campaign}"}; '
                "also {brand}",
                verbose_name="UTM tags",
            ),
        ),
    ]
