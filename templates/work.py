"""A whole version as the editor has it, read from JSON. Apart from drafts.py, which the sandbox imports alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from config.lib.errors import FieldError, Invalid
from templates.drafts import ContentDraft


@dataclass(frozen=True)
class Work:
    """A whole version as it stands in the editor: its languages, and what is done about missing values."""

    contents: tuple[ContentDraft, ...]
    default_language: str = "en"
    missing_policy: str = "fallback"
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Any) -> "Work":
        """From JSON. Raises Invalid for what no editor of ours sends."""
        try:
            contents = tuple(read_content(one) for one in given["contents"])
            fallbacks = {str(name): str(value) for name, value in given["fallbacks"].items()}
            return cls(contents, str(given["default_language"]), str(given["missing_policy"]), fallbacks)
        except (KeyError, TypeError, AttributeError) as error:
            raise Invalid(FieldError("/work", "This is not the work of an editor.")) from error

    @property
    def policy(self) -> dict[str, Any]:
        """The arguments of save_version beside the contents."""
        return {
            "default_language": self.default_language,
            "missing_policy": self.missing_policy,
            "fallbacks": dict(self.fallbacks),
        }

    def json(self) -> dict[str, Any]:
        """As the editor has it."""
        return {"contents": [asdict(one) for one in self.contents], **self.policy}


def read_content(given: Mapping[str, Any]) -> ContentDraft:
    """A content from JSON; lines end as on Unix, and what no database holds is gone. Raises KeyError, TypeError."""
    return ContentDraft(**{one.name: _text(given[one.name]) for one in fields(ContentDraft)})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.replace("\r\n", "\n").replace("\x00", "").encode("utf-8", "replace").decode()
