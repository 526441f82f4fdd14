import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("segments", "0008_activity_totals")]

    operations = [
        AddIndexConcurrently(
            "activity",
            django.contrib.postgres.indexes.BrinIndex(
                fields=["hour"], opclasses=["timestamptz_minmax_multi_ops"],
                name="activity_hour", pages_per_range=32, autosummarize=True,
            ),
        ),
    ]  # fmt: skip
