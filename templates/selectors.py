"""Reads of message templates."""

from collections.abc import Mapping

from django.db.models import QuerySet

from templates.drafts import ContentDraft
from templates.errors import TemplateNotFound, VersionNotFound
from templates.models import MessageTemplate, SharedBlock, SharedBlockVersion, TemplateContent, TemplateVersion


def template(name: str) -> MessageTemplate:
    """The template with this name. Raises TemplateNotFound."""
    found = MessageTemplate.objects.select_related("current").filter(name=name).first()
    if found is None:
        raise TemplateNotFound(f"There is no message template {name!r}.")
    return found


def version(template: MessageTemplate, number: int) -> TemplateVersion:
    """A version of a template by its number. Raises VersionNotFound."""
    found = template.versions.filter(number=number).first()
    if found is None:
        raise VersionNotFound(f"Template {template.name!r} has no version {number}.")
    return found


def current_version(template: MessageTemplate) -> TemplateVersion:
    """The version in use. Raises VersionNotFound before the first save."""
    if template.current is None:
        raise VersionNotFound(f"Template {template.name!r} has no version yet.")
    return template.current


def history(template: MessageTemplate) -> QuerySet[TemplateVersion]:
    """Its versions, the newest first."""
    return template.versions.order_by("-number")


def merge_tags(version: TemplateVersion) -> list[str]:
    """The merge tags that its contents use, sorted."""
    found = version.contents.values_list("merge_tags", flat=True)
    return sorted({name for names in found for name in names})


def drafts(version: TemplateVersion) -> list[ContentDraft]:
    """Its contents as their author wrote them, the default language first."""
    contents = sorted(version.contents.all(), key=lambda item: (item.language != version.default_language, item.pk))
    return [draft_of(content) for content in contents]


def draft_of(content: TemplateContent) -> ContentDraft:
    """One content as its author wrote it."""
    return ContentDraft(
        language=content.language,
        format=content.format,
        subject=content.subject,
        body=content.body,
        preheader=content.preheader,
        text=content.text,
    )


def find_block(name: str) -> SharedBlock | None:
    """The shared block with this name, if there is one."""
    return SharedBlock.objects.select_related("current").filter(name=name).first()


def current_blocks() -> dict[str, tuple[int, str]]:
    """Number and source of each shared block that can be used now, by name."""
    rows = SharedBlock.objects.filter(archived_at=None, current__isnull=False)
    return {
        name: (number, source)
        for name, number, source in rows.values_list("name", "current__number", "current__source")
    }


def block_sources(version: TemplateVersion) -> dict[str, str]:
    """The sources of the shared blocks that a version was made with."""
    pinned: Mapping[str, int] = version.block_versions
    rows = SharedBlockVersion.objects.filter(block__name__in=pinned).values_list("block__name", "number", "source")
    return {name: source for name, number, source in rows if pinned[name] == number}
