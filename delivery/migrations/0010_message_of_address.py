from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the ledger goes on being written meanwhile

    dependencies = [("delivery", "0009_engagement")]

    operations = [
        # of an attempt that broke off
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS message_of_address", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                models.F("address_key"),
                condition=models.Q(("address_key__isnull", False), ("state__in", ["ready", "claimed", "dispatching"])),
                name="message_of_address",
            ),
        ),
        RemoveIndexConcurrently(model_name="message", name="message_waiting"),
    ]
