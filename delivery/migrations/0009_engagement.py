from typing import Any

from django.db import connections, migrations

TABLE = "delivery_deliveryevent"
# What people did with messages, which segments ask about; sending writes none of these.
WHICH = "WHERE kind IN ('opened', 'clicked', 'rejudged', 'bounced', 'complained', 'unsubscribed')"
INDEXES = {
    "engaged_by_campaign": "(kind, campaign_id, contact_id, at, message_id, reason)",
    "engaged_contact": "(contact_id, kind)",
}


def add(apps: Any, schema_editor: Any) -> None:
    """One partition after the other without a lock; those that are made later have them from the parent."""
    with connections[schema_editor.connection.alias].cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [TABLE])
        partitions = [name for (name,) in cursor.fetchall()]
        for index, columns in INDEXES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {TABLE}_{index} ON ONLY {TABLE} {columns} {WHICH}")
            for partition in partitions:
                name = f"{partition}_{index}"
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of an attempt that broke off
                cursor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {partition} {columns} {WHICH}")
                cursor.execute(f"ALTER INDEX {TABLE}_{index} ATTACH PARTITION {name}")


def remove(apps: Any, schema_editor: Any) -> None:
    with connections[schema_editor.connection.alias].cursor() as cursor:
        for index in INDEXES:
            cursor.execute(f"DROP INDEX {TABLE}_{index}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("delivery", "0008_budgets")]
    operations = [migrations.RunPython(add, remove)]
