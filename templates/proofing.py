"""Proofing: whether a template may go to people, and what should be mended first."""

from collections.abc import Collection, Mapping, Sequence

from templates import sandbox, selectors
from templates.drafts import ContentDraft
from templates.findings import Finding
from templates.linting import Terms
from templates.models import TemplateVersion

__all__ = ["Finding", "proof"]


def proof(
    subject: TemplateVersion | Sequence[ContentDraft],
    *,
    purpose: str,
    brand_postal_address: str,
    known_fields: Mapping[str, str] | Collection[str],
    fallbacks: Mapping[str, str] | None = None,
    missing_policy: str = "fallback",
) -> list[Finding]:
    """What is wrong with a version, or with drafts, in all its languages; errors forbid a launch.

    `known_fields` are the names of contact fields and attributes, better with their types. A version brings its own
    policy and the shared blocks it was made with; drafts take the policy given and the blocks of now.
    With a blank `brand_postal_address` only the merge tag for it is looked for. Raises TooCostly.
    """
    if isinstance(subject, TemplateVersion):
        contents, blocks = selectors.drafts(subject), selectors.block_sources(subject)
        fallbacks, missing_policy = subject.fallbacks, subject.missing_policy
    else:
        contents, blocks = list(subject), {name: source for name, (_, source) in selectors.current_blocks().items()}
    fields = known_fields if isinstance(known_fields, Mapping) else dict.fromkeys(sorted(known_fields), "string")
    terms = Terms(purpose, brand_postal_address, fields, dict(fallbacks or {}), missing_policy == "skip")
    return sandbox.lint_contents(contents, blocks, terms)
