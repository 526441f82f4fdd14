"""A version as one contact would get it, rendered in the limited child process."""

from collections.abc import Mapping

from segments.selectors.contacts import merge_contexts
from templates import sandbox
from templates.errors import VersionNotFound
from templates.models import TemplateContent, TemplateVersion
from templates.rendering import Rendered, choose_language

SAMPLE_BRAND = {"name": "Your brand", "legal_name": "Your Brand Ltd", "postal_address": "1 Your Street, Your City"}
SAMPLE_UNSUBSCRIBE = "https://example.com/unsubscribe"


def preview(
    version: TemplateVersion,
    *,
    contact_id: int | None = None,
    language: str = "",
    brand: Mapping[str, str] | None = None,
    unsubscribe: str = SAMPLE_UNSUBSCRIBE,
) -> Rendered:
    """The message for a contact, or for somebody of whom nothing is known.

    `language` overrides the contact's. Raises RenderFailed, MissingMergeTag, TooCostly.
    """
    person = merge_contexts([contact_id]).get(contact_id) if contact_id else None
    content = _content(version, language or (person.language if person else version.default_language))
    return sandbox.render(
        {
            "language": content.language,
            "subject": content.subject,
            "preheader": content.preheader,
            "html": content.compiled_html,
            "text": content.compiled_text,
            "urls": list(content.links.order_by("slot").values_list("url", flat=True)),
        },
        policy={"skip_missing": version.missing_policy == "skip", "fallbacks": version.fallbacks},
        fields=person.fields if person else {},
        brand=brand or SAMPLE_BRAND,
        unsubscribe=unsubscribe,
    )


def _content(version: TemplateVersion, language: str) -> TemplateContent:
    contents = {content.language.lower(): content for content in version.contents.all()}
    if not contents:
        raise VersionNotFound(f"{version} has no content.")
    return contents[choose_language(language, contents, version.default_language)]
