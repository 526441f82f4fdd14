"""Writes of message templates: each save is a new version that never changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from config.lib.errors import FieldError, Invalid
from templates import sandbox, selectors
from templates.drafts import ContentDraft
from templates.errors import NameTaken, VersionConflict
from templates.findings import Finding
from templates.models import (
    MessageTemplate,
    SharedBlock,
    TemplateContent,
    TemplateLink,
    TemplateVersion,
)
from templates.sandbox import Result

Author = AbstractBaseUser | None
_LIMITS = {"language": 10, "subject": 500, "preheader": 500}


def create_template(*, name: str, by: Author, channel: str = MessageTemplate.Channel.EMAIL) -> MessageTemplate:
    """A template without a version yet. Raises Invalid, NameTaken."""
    check_name(name)
    try:
        with transaction.atomic():
            return MessageTemplate.objects.create(name=name.strip(), channel=channel, created_by_id=id_of(by))
    except IntegrityError as error:
        raise NameTaken(
            f"There is already a template {name.strip()!r}; choose another name.", pointer="/name"
        ) from error


def save_version(
    template: MessageTemplate,
    *,
    contents: Sequence[ContentDraft],
    by: Author,
    default_language: str = "en",
    missing_policy: str = MessageTemplate.MissingPolicy.FALLBACK,
    fallbacks: Mapping[str, str] | None = None,
    note: str = "",
    base: int | None = None,
) -> TemplateVersion:
    """A new version with these contents, one for each language, compiled. It becomes the current one.

    A save that would change nothing gives the version that is current. `base` is the number of the version that the
    author began from (0: there was none): when another has become current since, nothing is saved and VersionConflict
    is raised. Raises Invalid with what is wrong in the contents (pointer, line and column), TooCostly when compiling
    them takes too much.
    """
    policy = {
        "default_language": default_language,
        "missing_policy": missing_policy,
        "fallbacks": {name: str(value) for name, value in (fallbacks or {}).items()},
    }
    _check_contents(contents, policy)
    blocks = selectors.current_blocks()
    results = sandbox.compile_contents(contents, {name: source for name, (_, source) in blocks.items()})
    refuse([finding for result in results for finding in result.findings])
    policy["block_versions"] = {name: blocks[name][0] for result in results for name in result.blocks}
    with transaction.atomic():
        template = _locked(template)
        _check_base(template, base)
        if template.current and _is_same(template.current, contents, policy):
            return template.current
        version = _new_version(template, policy, by=by, note=note)
        for draft, result in zip(contents, results, strict=True):
            _add_content(version, draft, result)
        return version


def roll_back(template: MessageTemplate, number: int, *, by: Author) -> TemplateVersion:
    """A new version with the contents of an old one, byte for byte. Raises VersionNotFound."""
    with transaction.atomic():
        template = _locked(template)
        old = selectors.version(template, number)
        policy = {name: getattr(old, name) for name in _POLICY}
        version = _new_version(template, policy, by=by, note=f"Rolled back to version {number}")
        for content in old.contents.prefetch_related("links").order_by("pk"):
            copy = TemplateContent.objects.create(version=version, **_values(content, leave={"id", "version"}))
            TemplateLink.objects.bulk_create(
                TemplateLink(content=copy, **_values(link, leave={"id", "content"})) for link in content.links.all()
            )
        return version


def archive(item: MessageTemplate | SharedBlock) -> None:
    """Take it out of the choices. Versions in use stay as they are."""
    type(item).objects.filter(pk=item.pk, archived_at=None).update(archived_at=timezone.now())


def restore(item: MessageTemplate | SharedBlock) -> None:
    """Offer it again."""
    type(item).objects.filter(pk=item.pk).update(archived_at=None)


_POLICY = ("default_language", "missing_policy", "fallbacks", "block_versions")


def id_of(by: Author) -> int | None:
    return by.pk if by else None


def check_name(name: str) -> None:
    if not name.strip() or len(name) > 200:
        raise Invalid(FieldError("/name", "Give a name of 1 to 200 characters.", "required"))


def _check_contents(contents: Sequence[ContentDraft], policy: Mapping[str, Any]) -> None:
    languages = [draft.language.lower() for draft in contents]
    errors = [
        FieldError(f"/contents/{index}/{name}", f"At most {limit} characters.", "too_long")
        for index, draft in enumerate(contents)
        for name, limit in _LIMITS.items()
        if len(getattr(draft, name)) > limit
    ]
    for index, draft in enumerate(contents):
        if draft.format not in TemplateContent.Format.values:
            choices = ", ".join(TemplateContent.Format.values)
            errors.append(FieldError(f"/contents/{index}/format", f"The format is one of {choices}.", "unknown"))
        if not draft.language.strip() or languages.index(draft.language.lower()) != index:
            errors.append(FieldError(f"/contents/{index}/language", "Give each content its own language."))
    if policy["default_language"].lower() not in languages:
        detail = f"There is no content in the default language {policy['default_language']!r}."
        errors.append(FieldError("/default_language", detail, "missing"))
    if policy["missing_policy"] not in MessageTemplate.MissingPolicy.values:
        errors.append(FieldError("/missing_policy", "The policy is fallback or skip.", "unknown"))
    if errors:
        raise Invalid(*errors)


def refuse(findings: Sequence[Finding]) -> None:
    """Raise Invalid when something could not be compiled."""
    errors = [
        FieldError(item.pointer, f"{_where(item)}{item.message}. {item.fix}.", item.code)
        for item in findings
        if item.level == "error"
    ]
    if errors:
        raise Invalid(*errors)


def _where(finding: Finding) -> str:
    return f"line {finding.line}, column {finding.column}: " if finding.line else ""


def _locked(template: MessageTemplate) -> MessageTemplate:
    return MessageTemplate.objects.select_for_update(of=("self",)).select_related("current").get(pk=template.pk)


def _check_base(template: MessageTemplate, base: int | None) -> None:
    now = template.current.number if template.current else 0
    if base is not None and base != now:
        raise VersionConflict(f"Version {now} was saved meanwhile; you began from version {base}.")


def _is_same(version: TemplateVersion, contents: Sequence[ContentDraft], policy: Mapping[str, Any]) -> bool:
    now = {content.language: selectors.draft_of(content) for content in version.contents.all()}
    return now == {draft.language: draft for draft in contents} and all(
        getattr(version, name) == value for name, value in policy.items()
    )


def _new_version(template: MessageTemplate, policy: Mapping[str, Any], *, by: Author, note: str) -> TemplateVersion:
    number = template.current.number + 1 if template.current else 1
    version = TemplateVersion.objects.create(
        template=template, number=number, note=note[:255], created_by_id=id_of(by), **policy
    )
    template.current = version
    template.save(update_fields=["current", "updated_at"])
    return version


def _add_content(version: TemplateVersion, draft: ContentDraft, result: Result) -> None:
    assert result.compiled
    content = TemplateContent.objects.create(
        version=version,
        language=draft.language,
        format=draft.format,
        subject=draft.subject,
        preheader=draft.preheader,
        body=draft.body,
        text=draft.text,
        compiled_html=result.compiled.html,
        compiled_text=result.compiled.text,
        merge_tags=result.merge_tags,
    )
    TemplateLink.objects.bulk_create(
        TemplateLink(content=content, slot=link.slot, url=link.url, text=link.text) for link in result.compiled.links
    )


def _values(row: TemplateContent | TemplateLink, *, leave: set[str]) -> dict[str, Any]:
    return {name: value for name, value in model_to_dict(row).items() if name not in leave}
