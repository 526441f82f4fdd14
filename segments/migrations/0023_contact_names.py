from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate, Lower


class Migration(migrations.Migration):
    """First and last name in one index, in place of the first alone: who is searched by both is found by both."""

    atomic = False  # contacts go on being written meanwhile

    dependencies = [("segments", "0022_forget_changes")]

    operations = [
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(
                Collate(Lower("first_name"), "C"), Collate(Lower("last_name"), "C"), name="contact_names_begin"
            ),
        ),
        RemoveIndexConcurrently(model_name="contact", name="contact_first_name_begins"),
    ]
