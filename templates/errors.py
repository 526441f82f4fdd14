"""What can go wrong with message templates, for those who read it."""

from config.lib.errors import Conflict, DomainError, NotFound


class TemplateNotFound(NotFound):
    """There is no message template with this name."""

    code = "template_not_found"


class VersionNotFound(NotFound):
    """The template has no version with this number."""

    code = "template_version_not_found"


class NameTaken(Conflict):
    """There is already one with this name; choose another."""

    code = "template_name_taken"


class VersionConflict(Conflict):
    """Somebody else has saved a version meanwhile. Look at it, then save yours as the next one or take theirs."""

    code = "template_version_conflict"


class DraftConflict(Conflict):
    """This work was changed in another window. Nothing was overwritten: reload to go on from there."""

    code = "template_draft_conflict"


class BadImage(DomainError):
    """This is not an image that mails can show. Use PNG, JPEG, GIF or WebP."""

    code = "bad_image"
    status = 422


class AssetInUse(Conflict):
    """Templates use this image, so it stays where it is; it can be put away."""

    code = "asset_in_use"


class RenderFailed(DomainError):
    """The message could not be rendered for this person."""

    code = "render_failed"
    status = 422


class MissingMergeTag(RenderFailed):
    """The person has no value for a merge tag, and the template says to skip such people."""

    code = "missing_merge_tag"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no value for the merge tag {name!r}")


class TooCostly(DomainError):
    """The template takes too long or too much memory. Take out large loops, long ranges or deep nesting."""

    code = "template_too_costly"
    status = 422
