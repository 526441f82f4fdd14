import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from config.lib.append_only import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("config", "0001_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SharedBlock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TemplateContent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=10)),
                (
                    "format",
                    models.CharField(
                        choices=[("mjml", "Mjml"), ("html", "Html"), ("text", "Text")], default="mjml", max_length=4
                    ),
                ),
                ("subject", models.CharField(max_length=500)),
                ("preheader", models.CharField(blank=True, default="", max_length=500)),
                ("body", models.TextField(help_text="MJML, HTML or text, with Liquid")),
                (
                    "text",
                    models.TextField(blank=True, default="", help_text="The text part; blank: made from the body"),
                ),
                (
                    "compiled_html",
                    models.TextField(blank=True, default="", help_text="HTML with Liquid and link slots"),
                ),
                ("compiled_text", models.TextField(blank=True, default="")),
                (
                    "merge_tags",
                    models.JSONField(default=list, help_text="Sorted names found in subject, preheader, body and text"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MessageTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("channel", models.CharField(choices=[("email", "Email")], default="email", max_length=10)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SharedBlockVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("note", models.CharField(blank=True, default="", max_length=255)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("source", models.TextField()),
                (
                    "block",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="templates.sharedblock"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="sharedblock",
            name="current",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="templates.sharedblockversion",
            ),
        ),
        migrations.CreateModel(
            name="TemplateLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.PositiveSmallIntegerField()),
                ("url", models.TextField()),
                ("text", models.CharField(blank=True, default="", help_text="What the reader sees", max_length=255)),
                (
                    "content",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="templates.templatecontent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("note", models.CharField(blank=True, default="", max_length=255)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("default_language", models.CharField(default="en", max_length=10)),
                (
                    "missing_policy",
                    models.CharField(
                        choices=[("fallback", "Fallback"), ("skip", "Skip")], default="fallback", max_length=10
                    ),
                ),
                ("fallbacks", models.JSONField(blank=True, default=dict, help_text='{"first_name": "there"}')),
                (
                    "block_versions",
                    models.JSONField(blank=True, default=dict, help_text="{shared block name: version number}"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="templates.messagetemplate",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="templatecontent",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="contents", to="templates.templateversion"
            ),
        ),
        migrations.AddField(
            model_name="messagetemplate",
            name="current",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="templates.templateversion"
            ),
        ),
        migrations.AddConstraint(
            model_name="sharedblockversion",
            constraint=models.UniqueConstraint(fields=("block", "number"), name="shared_block_version_number"),
        ),
        migrations.AddConstraint(
            model_name="templatelink",
            constraint=models.UniqueConstraint(fields=("content", "slot"), name="template_link_slot"),
        ),
        migrations.AddConstraint(
            model_name="templateversion",
            constraint=models.UniqueConstraint(fields=("template", "number"), name="template_version_number"),
        ),
        migrations.AddConstraint(
            model_name="templatecontent",
            constraint=models.UniqueConstraint(fields=("version", "language"), name="template_content_language"),
        ),
        append_only("templates_sharedblockversion"),
        append_only("templates_templateversion"),
        append_only("templates_templatecontent"),
        append_only("templates_templatelink"),
    ]
