"""Reads of message templates."""

from collections.abc import Mapping
from itertools import count

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.urls import reverse

from templates.drafts import ContentDraft
from templates.errors import TemplateNotFound, VersionNotFound
from templates.models import (
    Asset,
    MessageTemplate,
    SharedBlock,
    SharedBlockVersion,
    TemplateContent,
    TemplateDraft,
    TemplateVersion,
)
from templates.uses import USES


def template(name: str) -> MessageTemplate:
    """The template with this name. Raises TemplateNotFound."""
    found = MessageTemplate.objects.select_related("current").filter(name=name).first()
    if found is None:
        raise TemplateNotFound(f"There is no message template {name!r}.")
    return found


def free_name(wanted: str) -> str:
    """This name, or with a number after it when it is taken."""
    taken = set(MessageTemplate.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    return next(name for n in count(1) if (name := wanted if n == 1 else f"{wanted} {n}") not in taken)


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


def block_version(block: SharedBlock, number: int) -> SharedBlockVersion:
    """A version of a shared block by its number. Raises VersionNotFound."""
    found = block.versions.filter(number=number).first()
    if found is None:
        raise VersionNotFound(f"The shared block {block.name!r} has no version {number}.")
    return found


def templates_with(block: SharedBlock) -> QuerySet[MessageTemplate]:
    """The templates whose current version was made with any version of this block."""
    rows = MessageTemplate.objects.filter(archived_at=None, current__block_versions__has_key=block.name)
    return rows.select_related("current").order_by("name")


def stale_templates(block: SharedBlock) -> list[MessageTemplate]:
    """Those of them that were made with an older version of it."""
    now = block.current.number if block.current else 0
    return [
        template
        for template in templates_with(block)
        if template.current and template.current.block_versions[block.name] != now
    ]


def current_blocks() -> dict[str, tuple[int, str]]:
    """Number and source of each shared block that can be used now, by name."""
    rows = SharedBlock.objects.filter(archived_at=None, current__isnull=False)
    return {
        name: (number, source)
        for name, number, source in rows.values_list("name", "current__number", "current__source")
    }


def image_path(name: str) -> str:
    """Where a file of an asset is served, below the public address of any brand."""
    return reverse("images:image", args=[name])


def image_address(name: str) -> str:
    """The whole address of a file of an asset, as it stands in templates of every brand."""
    return f"{settings.BASE_URL}{image_path(name)}"


def asset_uses(asset: Asset) -> list[MessageTemplate]:
    """The templates whose current version shows this image, itself or by a shared block."""
    shows = Q(contents__body__contains=asset.digest) | Q(contents__compiled_html__contains=asset.digest)
    versions = TemplateVersion.objects.filter(shows, pk=F("template__current")).values("template")
    return list(MessageTemplate.objects.filter(pk__in=versions).order_by("name"))


def asset_ever_used(asset: Asset) -> bool:
    """Whether any version of any template or shared block, now or then, shows it, or anything above does."""
    return (
        TemplateContent.objects.filter(
            Q(body__contains=asset.digest) | Q(compiled_html__contains=asset.digest)
        ).exists()
        or SharedBlockVersion.objects.filter(source__contains=asset.digest).exists()
        or any(use().stands_on(asset.digest) for use in USES)
    )


def draft_by(template: MessageTemplate, author_id: int) -> TemplateDraft | None:
    """What this author is writing, if anything."""
    return TemplateDraft.objects.filter(template=template, author_id=author_id).first()


def block_sources(version: TemplateVersion) -> dict[str, str]:
    """The sources of the shared blocks that a version was made with."""
    pinned: Mapping[str, int] = version.block_versions
    rows = SharedBlockVersion.objects.filter(block__name__in=pinned).values_list("block__name", "number", "source")
    return {name: source for name, number, source in rows if pinned[name] == number}
