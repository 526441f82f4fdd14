"""What the API says and takes of message templates."""

from rest_framework import serializers

from config.api.fields import Body, PublicId
from templates.drafts import ContentDraft
from templates.models import Asset, AssetFile, MessageTemplate, TemplateContent
from templates.selectors import image_path

_FORMATS = TemplateContent.Format.choices
_POLICIES = MessageTemplate.MissingPolicy.choices


class ContentBody(Body):
    """One language of a template."""

    language = serializers.CharField(max_length=10, default="en")
    format = serializers.ChoiceField(_FORMATS, default="mjml")
    subject = serializers.CharField(max_length=500)
    preheader = serializers.CharField(max_length=500, allow_blank=True, default="")
    body = serializers.CharField(trim_whitespace=False)
    text = serializers.CharField(
        allow_blank=True, trim_whitespace=False, default="", help_text="The text part; blank: made from the body"
    )


class VersionBody(Body):
    contents = serializers.ListField(child=ContentBody(), min_length=1, max_length=100)
    default_language = serializers.CharField(max_length=10, default="en")
    missing_policy = serializers.ChoiceField(_POLICIES, default="fallback")
    fallbacks = serializers.DictField(child=serializers.CharField(allow_blank=True), default=dict)
    note = serializers.CharField(max_length=255, allow_blank=True, default="")


class TemplateBody(VersionBody):
    """A template with its first version."""

    name = serializers.CharField(max_length=200)


class LintBody(Body):
    contents = serializers.ListField(child=ContentBody(), min_length=1, max_length=100)
    purpose = serializers.ChoiceField(["marketing", "transactional"], default="marketing")
    postal_address = serializers.CharField(allow_blank=True, default="", help_text="Of the brand that will send it")
    missing_policy = serializers.ChoiceField(_POLICIES, default="fallback")
    fallbacks = serializers.DictField(child=serializers.CharField(allow_blank=True), default=dict)


class PreviewBody(Body):
    contact_id = PublicId("contact", required=False, help_text="As whom; left out: somebody unknown")
    language = serializers.CharField(max_length=10, required=False, help_text="Instead of the contact's")
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="Instead of the current"
    )


class TemplateShown(serializers.Serializer):
    template_id = PublicId("template", source="pk")
    name = serializers.CharField()
    channel = serializers.CharField()
    version = serializers.IntegerField(source="current.number", allow_null=True, default=None)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)


class ContentShown(serializers.Serializer):
    language = serializers.CharField()
    format = serializers.ChoiceField(_FORMATS)
    subject = serializers.CharField(allow_blank=True)
    preheader = serializers.CharField(allow_blank=True)
    body = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    merge_tags = serializers.ListField(child=serializers.CharField())


class VersionShown(serializers.Serializer):
    """A version never changes; what is current may."""

    version = serializers.IntegerField(source="number")
    default_language = serializers.CharField()
    missing_policy = serializers.ChoiceField(_POLICIES)
    fallbacks = serializers.DictField(child=serializers.CharField(allow_blank=True))
    note = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    contents = ContentShown(many=True)


class TemplateDetail(TemplateShown):
    current = VersionShown(allow_null=True)


class FindingShown(serializers.Serializer):
    level = serializers.ChoiceField(["error", "warning"])
    code = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField()
    pointer = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)


class Lint(serializers.Serializer):
    """`ok`: no finding is an error, which would forbid a launch."""

    ok = serializers.BooleanField()
    findings = FindingShown(many=True)


class Preview(serializers.Serializer):
    subject = serializers.CharField(allow_blank=True)
    preheader = serializers.CharField(allow_blank=True)
    html = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    language = serializers.CharField()


class AssetBody(Body):
    alt = serializers.CharField(max_length=500, allow_blank=True, help_text="What it shows")


class AssetFileShown(serializers.Serializer):
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    size = serializers.IntegerField(help_text="Bytes")
    path = serializers.SerializerMethodField(help_text="Below the public address of any brand; it never changes")

    def get_path(self, file: AssetFile) -> str:
        return image_path(file.name)


class AssetShown(serializers.Serializer):
    asset_id = PublicId("asset", source="pk")
    name = serializers.CharField()
    alt = serializers.CharField(allow_blank=True)
    format = serializers.ChoiceField(Asset.Format.choices)
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    files = AssetFileShown(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)


def drafts(contents: list[dict[str, str]]) -> list[ContentDraft]:
    """The checked contents of a body as services take them."""
    return [ContentDraft(**content) for content in contents]
