from importlib import import_module

from django.db import migrations

watched = import_module("segments.migrations.0013_memberships").watched

PEOPLE = "SELECT c.id FROM segments_contact c WHERE c.email_key IN (SELECT address_key FROM changed)"


class Migration(migrations.Migration):
    dependencies = [("compliance", "0005_brand_accent_colour"), ("segments", "0013_memberships")]

    operations = [
        watched("compliance_suppression", operation, "suppressions", PEOPLE)
        for operation in ("INSERT", "UPDATE", "DELETE")
    ]
