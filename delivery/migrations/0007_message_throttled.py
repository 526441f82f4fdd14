from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the ledger goes on being written meanwhile

    dependencies = [("delivery", "0006_mailbox_providers")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                models.F("reason"),
                models.F("due_at"),
                models.F("id"),
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "slowed",
                            "throttle_away",
                            "throttled_account",
                            "throttled_campaign",
                            "throttled_connections",
                            "throttled_provider",
                        ],
                    ),
                    ("state", "ready"),
                ),
                name="message_throttled",
            ),
        ),
    ]
