"""Writes of shared blocks: a save is a new version, and templates take it when their author says so."""

from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction

from config.lib.errors import DomainError, FieldError, Invalid
from templates import sandbox, selectors
from templates.drafts import ContentDraft
from templates.errors import NameTaken
from templates.models import MessageTemplate, SharedBlock, SharedBlockVersion
from templates.services.versions import Author, check_name, id_of, refuse, save_version


def create_block(*, name: str, source: str, by: Author) -> SharedBlock:
    """A shared block with its first version. Raises Invalid, NameTaken."""
    check_block_name(name)
    try:
        with transaction.atomic():
            block = SharedBlock.objects.create(name=name.strip())
            block.current = save_block(block, source=source, by=by)
    except IntegrityError as error:
        raise NameTaken(f"There is already a shared block {name.strip()!r}.", pointer="/name") from error
    return block


def save_block(block: SharedBlock, *, source: str, by: Author, note: str = "") -> SharedBlockVersion:
    """A new version of a shared block. Templates take it with their next save; their versions keep what they had.

    Raises Invalid when its Liquid is wrong. Its markup is a fragment, which only a whole template can prove.
    """
    check_block(source)
    with transaction.atomic():
        block = SharedBlock.objects.select_for_update().get(pk=block.pk)
        number = block.current.number + 1 if block.current else 1
        version = SharedBlockVersion.objects.create(
            block=block, number=number, source=source, note=note, created_by_id=id_of(by)
        )
        block.current = version
        block.save(update_fields=["current", "updated_at"])
    return version


@dataclass(frozen=True)
class Refreshed:
    """What came of handing a block's current version on: templates with a new version, and why others have none."""

    done: tuple[MessageTemplate, ...]
    failed: tuple[tuple[MessageTemplate, str], ...]


def roll_back_block(block: SharedBlock, number: int, *, by: Author) -> SharedBlockVersion:
    """A new version with the source of an old one. Raises VersionNotFound, Invalid."""
    old = selectors.block_version(block, number)
    return save_block(block, source=old.source, by=by, note=f"Rolled back to version {number}")


def refresh_templates(block: SharedBlock, *, by: Author) -> Refreshed:
    """A new version of each template that has an older version of this block, compiled with the current ones.

    Each is saved by itself: one that cannot be compiled with the new block stays as it is, and is told. Campaigns
    that are under way keep what they were launched with.
    """
    done, failed = [], []
    for template in selectors.stale_templates(block):
        try:
            _refresh(template, block, by=by)
        except DomainError as error:
            failed.append((template, error.detail))
        else:
            done.append(template)
    return Refreshed(tuple(done), tuple(failed))


def _refresh(template: MessageTemplate, block: SharedBlock, *, by: Author) -> None:
    current = selectors.current_version(template)
    save_version(
        template,
        contents=selectors.drafts(current),
        by=by,
        default_language=current.default_language,
        missing_policy=current.missing_policy,
        fallbacks=current.fallbacks,
        note=f"With the shared block {block.name!r} as it is now",
        base=current.number,
    )


def check_block_name(name: str) -> None:
    """Raise Invalid for a name that `{% render 'name' %}` could not say."""
    check_name(name)
    if set(name) & set("'\"{}%"):
        raise Invalid(FieldError("/name", "Use letters, digits, spaces, - and _ in the name of a shared block."))


def check_block(source: str) -> None:
    """Raise Invalid when a shared block is not our Liquid or names blocks that are not there."""
    others = {name: text for name, (_, text) in selectors.current_blocks().items()}
    (result,) = sandbox.compile_contents([ContentDraft("en", "text", "-", source)], others)
    refuse([replace(finding, pointer="/source") for finding in result.findings])
