"""Message templates: what we say, in immutable versions with a content for each language."""

from django.conf import settings
from django.db import models


class _Versioned(models.Model):
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class _Version(models.Model):
    number = models.PositiveIntegerField()
    note = models.CharField(max_length=255, blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def author(self) -> str:
        """The name of who made it; blank: a program."""
        by = self.created_by
        return (by.get_full_name() or by.get_username()) if by else ""


class SharedBlock(_Versioned):
    """A piece used by many templates: `{% render 'name' %}`. A template version keeps the text it was made with."""

    current = models.ForeignKey("SharedBlockVersion", null=True, on_delete=models.PROTECT, related_name="+")


class SharedBlockVersion(_Version):
    """An immutable source of a shared block (append-only table)."""

    block = models.ForeignKey(SharedBlock, on_delete=models.PROTECT, related_name="versions")
    source = models.TextField()

    class Meta(_Version.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["block", "number"], name="shared_block_version_number")]


class MessageTemplate(_Versioned):
    """A message as marketers write it. What it says is in its current version."""

    class Channel(models.TextChoices):
        EMAIL = "email"

    class MissingPolicy(models.TextChoices):
        """What to do for a person for whom a merge tag has no value."""

        FALLBACK = "fallback"
        SKIP = "skip"

    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL)
    current = models.ForeignKey("TemplateVersion", null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


class TemplateVersion(_Version):
    """An immutable version with all its languages (append-only table)."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, related_name="versions")
    default_language = models.CharField(max_length=10, default="en")
    missing_policy = models.CharField(
        max_length=10, choices=MessageTemplate.MissingPolicy, default=MessageTemplate.MissingPolicy.FALLBACK
    )
    fallbacks = models.JSONField(default=dict, blank=True, help_text='{"first_name": "there"}')
    block_versions = models.JSONField(default=dict, blank=True, help_text="{shared block name: version number}")

    class Meta(_Version.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_number")]


class TemplateContent(models.Model):
    """One language of a version: its source, and what compiling made of it once (append-only table)."""

    class Format(models.TextChoices):
        MJML = "mjml"
        HTML = "html"
        TEXT = "text"

    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="contents")
    language = models.CharField(max_length=10)
    format = models.CharField(max_length=4, choices=Format, default=Format.MJML)
    subject = models.CharField(max_length=500)
    preheader = models.CharField(max_length=500, blank=True, default="")
    body = models.TextField(help_text="MJML, HTML or text, with Liquid")
    text = models.TextField(blank=True, default="", help_text="The text part; blank: made from the body")
    compiled_html = models.TextField(blank=True, default="", help_text="HTML with Liquid and link slots")
    compiled_text = models.TextField(blank=True, default="")
    merge_tags = models.JSONField(default=list, help_text="Sorted names found in subject, preheader, body and text")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="template_content_language")]


class TemplateLink(models.Model):
    """A static link of a content, found once at compile time; slot n in the compiled bodies (append-only table)."""

    content = models.ForeignKey(TemplateContent, on_delete=models.PROTECT, related_name="links")
    slot = models.PositiveSmallIntegerField()
    url = models.TextField()
    text = models.CharField(max_length=255, blank=True, default="", help_text="What the reader sees")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content", "slot"], name="template_link_slot")]


class TemplateDraft(models.Model):
    """What one author is writing and has not saved as a version yet: kept as they type, theirs alone."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    base = models.PositiveIntegerField(default=0, help_text="Number of the version it began from; 0: there was none")
    revision = models.PositiveIntegerField(default=1, help_text="Grows with each change, so that two windows notice")
    work = models.JSONField(help_text="The form as it is: contents, policy, note")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "author"], name="template_draft_once")]

    def __str__(self) -> str:
        return f"draft {self.revision} of {self.template_id}"


class Asset(models.Model):
    """An image that mails may show. Its files have names made from what is in them, and never change."""

    class Format(models.TextChoices):
        PNG = "png"
        JPEG = "jpg"
        GIF = "gif"

    name = models.CharField(max_length=200, help_text="What the uploaded file was called")
    alt = models.CharField(max_length=500, blank=True, default="", help_text="What it shows, for those who do not see")
    digest = models.CharField(max_length=32, unique=True, help_text="Of what it shows, in full size; begins its names")
    format = models.CharField(max_length=4, choices=Format)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class AssetFile(models.Model):
    """One width of an image, as it is stored and served."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=50, unique=True, help_text="digest-width.format")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes")

    class Meta:
        ordering = ["width"]

    def __str__(self) -> str:
        return self.name
