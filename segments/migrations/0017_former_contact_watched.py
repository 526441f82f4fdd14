from importlib import import_module

from django.db import migrations

watched = import_module("segments.migrations.0013_memberships").watched

NOW = "SELECT contact_id FROM changed"


class Migration(migrations.Migration):
    dependencies = [("segments", "0016_merge_moved")]

    # What was logged of somebody under another id is theirs from the merge on.
    operations = [watched("segments_formercontact", operation, "people", NOW) for operation in ("INSERT", "UPDATE")]
