from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate, Lower


class Migration(migrations.Migration):
    atomic = False  # contacts go on being written meanwhile

    dependencies = [("segments", "0005_segment_version_note")]

    operations = [
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(Collate(Lower("first_name"), "C"), name="contact_first_name_begins"),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(Collate(Lower("last_name"), "C"), name="contact_last_name_begins"),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["country", "-id"], name="contact_country"),
        ),
    ]
