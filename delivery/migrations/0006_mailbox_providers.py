"""Who runs the mailboxes, with the shaping KumoMTA ships as its community's defaults (STANDARDS A10.7-8)."""

from typing import Any

from django.db import migrations, models

PER_SECOND = 100.0
# slug, name, domains, MX suffixes, connections, messages a connection, further fields
DEFAULTS: list[tuple[str, str, list[str], list[str], int, int, dict[str, Any]]] = [
    ("default", "Everybody else", [], [], 10, 100, {"is_default": True}),
    ("google", "Google", ["gmail.com", "googlemail.com"], ["google.com", "googlemail.com"], 5, 50,
     {"requires_tls": True}),
    ("outlook", "Outlook.com", ["outlook.com", "hotmail.com", "live.com", "msn.com"], ["olc.protection.outlook.com"],
     5, 50, {}),
    ("office365", "Microsoft 365", [], ["mail.protection.outlook.com", "mx.microsoft"], 5, 50, {}),
    # [TSS04] asks for two hours
    ("yahoo", "Yahoo and AOL", ["yahoo.com", "ymail.com", "rocketmail.com", "aol.com"], ["yahoodns.net"], 10, 20,
     {"slow_for_minutes": 120}),
    ("apple", "Apple", ["icloud.com", "me.com", "mac.com"], ["mail.icloud.com"], 10, 5, {}),
    ("comcast", "Comcast", ["comcast.net"], ["comcast.net"], 25, 1000, {}),
    ("orange", "Orange", ["orange.fr", "wanadoo.fr"], ["orange.fr"], 2, 100, {}),
]  # fmt: skip


def add_defaults(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("delivery", "MailboxProvider").objects.using(schema_editor.connection.alias)
    for slug, name, domains, suffixes, connections, messages, more in DEFAULTS:
        shape = {"connections": connections, "messages_per_connection": messages, "rate_per_second": PER_SECOND}
        rows.get_or_create(
            slug=slug, defaults={"name": name, "domains": domains, "mx_suffixes": suffixes, **shape, **more}
        )


class Migration(migrations.Migration):
    dependencies = [("delivery", "0005_dispositions")]

    operations = [
        migrations.AddField(
            model_name="maildomain",
            name="slowed_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="maildomain",
            name="slowed_until",
            field=models.DateTimeField(blank=True, help_text="By itself, when it is nobody's", null=True),
        ),
        migrations.AddIndex(
            model_name="maildomain",
            index=models.Index(
                models.F("slowed_until"),
                condition=models.Q(("slowed_until__isnull", False)),
                name="mail_domain_slowed",
            ),
        ),
        migrations.RunPython(add_defaults, migrations.RunPython.noop),
    ]
