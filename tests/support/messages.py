"""Compile and render in one go, without a database."""

from typing import Any

from templates.compiling import Compiled, compile_content
from templates.drafts import ContentDraft
from templates.findings import Finding
from templates.rendering import CompiledContent, CompiledVersion, Links, Rendered

BRAND = {"name": "Acme", "legal_name": "Acme Ltd", "postal_address": "1 Road\nTown"}
UNSUBSCRIBE = "https://acme.test/u/token"


def compiled(body: str, *, blocks: dict[str, str] | None = None, **given: str) -> Compiled:
    """The compiled content of a body, HTML unless told; fails when there are errors."""
    work = compile_content(content(body, **given), blocks or {})
    assert work.compiled, [str(item) for item in work.findings.found]
    return work.compiled


def findings(body: str, *, blocks: dict[str, str] | None = None, **given: str) -> list[Finding]:
    """What compiling has to say."""
    return compile_content(content(body, **given), blocks or {}).findings.found


def codes(found: list[Finding]) -> list[str]:
    return [item.code.removeprefix("message_templates.") for item in found]


def content(body: str, **given: str) -> ContentDraft:
    return ContentDraft(**{"language": "en", "format": "html", "subject": "News", "body": body, **given})


def version(
    body: str, *, blocks: dict[str, str] | None = None, policy: dict[str, Any] | None = None, **given: str
) -> CompiledVersion:
    """A version with this one content."""
    draft, made = content(body, **given), compiled(body, blocks=blocks, **given)
    parsed = CompiledContent.parse(
        language=draft.language,
        subject=draft.subject,
        preheader=draft.preheader,
        html=made.html,
        text=made.text,
        urls=[link.url for link in made.links],
    )
    return CompiledVersion({draft.language.lower(): parsed}, draft.language, **(policy or {}))


def rendered(body: str, fields: dict[str, Any] | None = None, *, links: Links | None = None, **given: Any) -> Rendered:
    """The message for a person with these fields."""
    made = version(body, **given)
    return made.render(fields=fields or {}, language="en", brand=BRAND, links=links or Links(UNSUBSCRIBE))
