"""What people would get: one contact's message to look at, or those of many to count what is missing.

Saved versions and unsaved drafts alike, rendered in the limited child process as sending renders them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from segments.selectors.contacts import merge_contexts
from templates import sandbox, selectors
from templates.compiling import compile_content
from templates.drafts import ContentDraft
from templates.errors import VersionNotFound
from templates.findings import Finding
from templates.models import TemplateVersion
from templates.rendering import CompiledContent, CompiledVersion, Links, Rendered, choose_language
from templates.starters import starter

SAMPLE_BRAND = {"name": "Your brand", "legal_name": "Your Brand Ltd", "postal_address": "1 Your Street, Your City"}
SAMPLE_UNSUBSCRIBE = "https://example.com/unsubscribe"
SAMPLE_PERSON: dict[str, Any] = {
    "first_name": "Ana", "last_name": "Silva", "email": "ana@example.com", "country": "PT", "language": "en",
    "timezone": "Europe/Lisbon",
}  # fmt: skip
MOST_IN_TRIAL = 100
_IN_ONE_CHILD = 25  # a child has two seconds


@dataclass(frozen=True)
class Material:
    """What is looked at, compiled: the stored parts of each language, and what is done about missing values."""

    contents: Mapping[str, Mapping[str, Any]]
    default_language: str
    skip_missing: bool = False
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> dict[str, Any]:
        return {"skip_missing": self.skip_missing, "fallbacks": dict(self.fallbacks)}

    def for_language(self, language: str) -> Mapping[str, Any]:
        """The parts that somebody of this language gets. Raises VersionNotFound when there are none at all."""
        if not self.contents:
            raise VersionNotFound("There is nothing to look at yet.")
        return self.contents[choose_language(language, self.contents, self.default_language)]


@dataclass
class Trial:
    """What would become of a number of people: `people` in all, of whom `skipped` for want of a value.

    `missing`: people by the merge tag that has no value and no default for them; `failed`: people by reason;
    `examples`: one contact for each name and reason.
    """

    people: int = 0
    skipped: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, int] = field(default_factory=dict)


def of_version(version: TemplateVersion) -> Material:
    """A saved version, as it is sent."""
    contents = {
        content.language.lower(): _parts(
            content, content.compiled_html, content.compiled_text,
            [link.url for link in sorted(content.links.all(), key=lambda link: link.slot)],
        )
        for content in version.contents.prefetch_related("links")
    }  # fmt: skip
    return Material(contents, version.default_language, version.missing_policy == "skip", version.fallbacks)


def of_drafts(
    drafts: Sequence[ContentDraft],
    *,
    default_language: str,
    missing_policy: str = "fallback",
    fallbacks: Mapping[str, str] | None = None,
) -> tuple[Material, list[Finding]]:
    """Drafts with the shared blocks of now, and what compiling found. Languages with errors are left out.

    Raises TooCostly.
    """
    blocks = {name: source for name, (_, source) in selectors.current_blocks().items()}
    results = sandbox.compile_contents(drafts, blocks)
    contents = {
        draft.language.lower(): _parts(
            draft, result.compiled.html, result.compiled.text, [link.url for link in result.compiled.links]
        )
        for draft, result in zip(drafts, results, strict=True)
        if result.compiled
    }
    default = default_language if default_language.lower() in contents else next(iter(contents), default_language)
    material = Material(contents, default, missing_policy == "skip", dict(fallbacks or {}))
    return material, [finding for result in results for finding in result.findings]


def _parts(content: Any, html: str, text: str, urls: list[str]) -> dict[str, Any]:
    """The arguments of CompiledContent.parse."""
    return {
        "language": content.language,
        "subject": content.subject,
        "preheader": content.preheader,
        "html": html,
        "text": text,
        "urls": urls,
    }


def show(
    material: Material,
    *,
    contact_id: int | None = None,
    language: str = "",
    brand: Mapping[str, str] | None = None,
    unsubscribe: str = SAMPLE_UNSUBSCRIBE,
    sample: bool = False,
) -> Rendered:
    """The message for a contact, for a made-up person (`sample`), or for somebody of whom nothing is known.

    `language` overrides the person's. Raises RenderFailed, MissingMergeTag, TooCostly.
    """
    person = merge_contexts([contact_id]).get(contact_id) if contact_id else None
    fields = person.fields if person else SAMPLE_PERSON if sample else {}
    content = material.for_language(language or (person.language if person else material.default_language))
    return sandbox.render(
        content, policy=material.policy, fields=fields, brand=brand or SAMPLE_BRAND, unsubscribe=unsubscribe
    )


def preview(version: TemplateVersion, **whom: Any) -> Rendered:
    """A saved version, shown as `show` says."""
    return show(of_version(version), **whom)


@lru_cache
def starter_html(key: str) -> str:
    """A starter for a made-up person; blank when there is none with this key. Ours, so no child need watch over it."""
    found = starter(key)
    if found is None:
        return ""
    draft = found.draft()
    compiled = compile_content(draft, {}).compiled
    assert compiled
    parts = _parts(draft, compiled.html, compiled.text, [link.url for link in compiled.links])
    version = CompiledVersion({"en": CompiledContent.parse(**parts)}, "en")
    links = Links(SAMPLE_UNSUBSCRIBE)
    return version.render(fields=SAMPLE_PERSON, language="en", brand=SAMPLE_BRAND, links=links).html


def trial(material: Material, contact_ids: Sequence[int], *, brand: Mapping[str, str] | None = None) -> Trial:
    """Render for these people (the first hundred), and count what their messages lack (STANDARDS B8.7).

    Raises TooCostly.
    """
    people = merge_contexts(contact_ids[:MOST_IN_TRIAL])
    found = Trial()
    for contact_id, outcome in _outcomes(material, people, brand or SAMPLE_BRAND):
        _count(found, contact_id, outcome)
    return found


def _outcomes(material: Material, people: Mapping[int, Any], brand: Mapping[str, str]) -> Iterator[tuple[int, Any]]:
    ids = list(people)
    for start in range(0, len(ids), _IN_ONE_CHILD):
        some = ids[start : start + _IN_ONE_CHILD]
        contents = [material.for_language(people[one].language) for one in some]
        fields = [people[one].fields for one in some]
        yield from zip(
            some,
            sandbox.try_people(contents, fields, policy=material.policy, brand=brand, unsubscribe=SAMPLE_UNSUBSCRIBE),
            strict=True,
        )


def _count(found: Trial, contact_id: int, outcome: Mapping[str, Any]) -> None:
    found.people += 1
    found.skipped += bool(outcome["skipped"])
    for name in outcome["missing"]:
        found.missing[name] += 1
        found.examples.setdefault(name, contact_id)
    if outcome["failed"] and not outcome["skipped"]:
        found.failed[outcome["failed"]] += 1
        found.examples.setdefault(outcome["failed"], contact_id)
