"""The rules of proofing: what to mend in a content before it goes to people.

They read what the author wrote, and two trial messages: for a person of whom we know nothing, and for one of
whom we know everything. What the law asks for must be in both. No network, no database.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from templates.compiling import Compilation, merge_tags, plain_text
from templates.compiling.markup import Attribute, Token, tokens
from templates.compiling.source import MARK, Protected
from templates.dialect import hrefs
from templates.errors import RenderFailed
from templates.findings import Finding, Place, finding, near
from templates.rendering import CompiledContent, CompiledVersion, Links, Rendered

GMAIL_CLIPS_AT = 102 * 1024  # bytes of HTML
LARGE_INLINE = 10_000  # characters of a data: address
_SAMPLES: dict[str, object] = {"number": 7, "boolean": True, "date": "2030-01-31", "list": ["one", "two"]}
_UNSUBSCRIBE = "https://postrider.invalid/unsubscribe/trial"
_ADDRESS = "1 Postal Address of the Brand"
_ANSWER = re.compile(r"\s*(re|fwd?|aw|wg|sv|vs|tr)\s*:", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_WHOLE_URL = re.compile(r"\{\{-?\s*(?:contact\.)?(\w+)[^}]*\|\s*_url\s*-?\}\}")
_IMAGES = frozenset({"img", "mj-image", "mj-carousel-image"})
_REMOVED = frozenset({"script", "iframe", "object", "embed", "applet", "form"})
_SOURCES = frozenset({"src", "background", "background-url"})
_NO_LINKS = frozenset({"link", "base", "mj-font"})


@dataclass(frozen=True)
class Terms:
    """What a template is proofed for. `known_fields` are names and their types; `fallbacks` and `skip_missing`
    are the version's policy for people without a value."""

    purpose: str = "marketing"
    postal_address: str = ""
    known_fields: Mapping[str, str] = field(default_factory=dict)
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    skip_missing: bool = False


@dataclass(frozen=True)
class _Trial:
    """One content with its two trial messages; None for one that could not be rendered."""

    work: Compilation
    terms: Terms
    bare: Rendered | None
    full: Rendered | None
    failures: tuple[Finding, ...]

    def place(self, name: str) -> Place:
        return self.work.sources[name].place(None)

    @property
    def has_html(self) -> bool:
        return self.work.draft.format != "text"

    @property
    def messages(self) -> list[Rendered]:
        return [message for message in (self.bare, self.full) if message]


def lint(work: Compilation, terms: Terms) -> list[Finding]:
    """All findings on one compiled content; those of compiling alone when it could not be compiled."""
    if not work.compiled:
        return work.findings.found
    trial = _try(work, terms)
    return [*work.findings.found, *trial.failures, *(item for rule in _RULES for item in rule(trial))]


def _try(work: Compilation, terms: Terms) -> _Trial:
    assert work.compiled
    urls = set(_WHOLE_URL.findall(work.compiled.html))
    known = {name: _SAMPLES.get(kind, "Sample") for name, kind in terms.known_fields.items()}
    full, failed = _render(work, terms, known | dict.fromkeys(urls & known.keys(), "https://example.com/"))
    bare, failed_bare = _render(work, terms, {})
    place, failures = work.sources["body"].place(None), []
    if failed:
        failures.append(finding("E108", f"it cannot be rendered for a trial person: {failed}", place))
    elif failed_bare:
        failures.append(finding("W010", f"it cannot be rendered for people without values: {failed_bare}", place))
    return _Trial(work, terms, bare, full, tuple(failures))


def _render(work: Compilation, terms: Terms, fields: Mapping[str, object]) -> tuple[Rendered | None, str]:
    assert work.compiled
    draft = work.draft
    content = CompiledContent.parse(
        language=draft.language,
        subject=draft.subject.strip() or "-",
        preheader=draft.preheader,
        html=work.compiled.html,
        text=work.compiled.text,
        urls=[link.url for link in work.compiled.links],
    )
    version = CompiledVersion({draft.language.lower(): content}, draft.language, fallbacks=terms.fallbacks)
    brand = {"name": "Brand", "legal_name": "Brand Ltd", "postal_address": terms.postal_address or _ADDRESS}
    try:
        return version.render(fields=fields, language=draft.language, brand=brand, links=Links(_UNSUBSCRIBE)), ""
    except RenderFailed as error:
        return None, error.detail


def _subject(trial: _Trial) -> Iterator[Finding]:
    subject = trial.work.draft.subject
    if not subject.strip():
        yield finding("E101", "the subject is empty", trial.place("subject"))
    if trial.terms.purpose == "marketing" and _ANSWER.match(subject):
        yield finding("W004", f"the subject begins with {subject.split(':')[0].strip()}:", trial.place("subject"))


def _tags(trial: _Trial) -> Iterator[Finding]:
    terms = trial.terms
    known = {*terms.known_fields, *merge_tags.OURS}
    bare: set[str] = set()
    for use in trial.work.merge_tags:
        if use.name not in known:
            yield finding("E107", f"there is no merge tag {use.name!r}{near(use.name, known)}", use.place)
        elif use.open and not terms.skip_missing and use.name not in {*terms.fallbacks, *merge_tags.OURS, *bare}:
            bare.add(use.name)
            yield finding("W007", f"{use.name} prints nothing for people without a value", use.place)


def _markup(trial: _Trial) -> Iterator[Finding]:
    """The tags of the body as the author wrote them, so that every finding has its line."""
    if not trial.has_html:
        return
    body = Protected(trial.work.sources["body"], [])
    defaults = False
    for token in tokens(body.text, xml=trial.work.draft.format == "mjml"):
        if token.name == "mj-attributes":
            defaults = token.kind == "open"
        if token.kind == "open" and not defaults:
            yield from _tag(token, body)


def _tag(token: Token, body: Protected) -> Iterator[Finding]:
    if token.name in _IMAGES and not token.get("alt"):
        yield finding("W005", f"<{token.name}> has no alt text", body.place(token.start))
    if token.name in _REMOVED:
        yield finding("W008", f"<{token.name}> does not work in mail", body.place(token.start))
    for attribute in token.attributes:
        value = attribute.value or ""
        if value.lstrip().startswith("data:") and len(value) > LARGE_INLINE:
            yield finding("W006", f"{len(value):,} characters of inline data", body.place(attribute.start))
        elif attribute.name in _SOURCES and value.lstrip().lower().startswith("http:"):
            yield finding(
                "W011", "the image comes over a connection that is not encrypted", body.place(attribute.value_start)
            )
        elif attribute.name == "href" and token.name not in _NO_LINKS and not MARK.search(value):
            yield from _href(attribute, body)


def _href(attribute: Attribute, body: Protected) -> Iterator[Finding]:
    url = hrefs.unescape_attribute(attribute.value or "").strip()
    kind = hrefs.kind_of(url)
    place = body.place(attribute.value_start)
    if kind in {"relative", "broken"}:
        yield finding("E105", f"the link {url[:60]!r} leads nowhere", place)
    elif kind == "forbidden":
        yield finding("E106", f"the link {url[:60]!r} does not work in mail", place)
    elif url in {"", "#"}:
        yield finding("W009", "a link without an address", place)
    elif url.lower().startswith("http:"):
        yield finding("W011", f"the link {url[:60]!r} is not encrypted", place)


def _unsubscribe(trial: _Trial) -> Iterator[Finding]:
    if trial.terms.purpose != "marketing":
        return
    if trial.has_html and any(_UNSUBSCRIBE not in _visible(message.html) for message in trial.messages):
        yield finding("E102", "not everybody sees an unsubscribe link", trial.place("body"))
    if any(_UNSUBSCRIBE not in message.text for message in trial.messages):
        yield finding("E103", "the text part does not always have the unsubscribe link", trial.place("text"))


def _address(trial: _Trial) -> Iterator[Finding]:
    if trial.terms.purpose != "marketing":
        return
    wanted = _words(trial.terms.postal_address or _ADDRESS)
    for message in trial.messages:
        parts = [_visible(message.html), message.text] if trial.has_html else [message.text]
        if any(wanted not in _words(part) for part in parts):
            yield finding("E104", "not everybody sees the postal address of the brand", trial.place("body"))
            return


def _visible(html: str) -> str:
    return plain_text.from_html(html, [], {})


def _words(text: str) -> str:
    """For comparison: an address may be broken into lines and punctuated in many ways."""
    return " ".join(["", *_WORD.findall(text.casefold()), ""])


def _size(trial: _Trial) -> Iterator[Finding]:
    size = max((len(message.html.encode()) for message in trial.messages), default=0)
    if size > GMAIL_CLIPS_AT:
        yield finding("W002", f"the HTML has {size / 1024:.0f} kB", trial.place("body"))


def _text_made(trial: _Trial) -> Iterator[Finding]:
    if trial.has_html and not trial.work.draft.text.strip():
        yield finding("W003", "the text part is made from the HTML", trial.place("text"))


_RULES: tuple[Callable[[_Trial], Iterator[Finding]], ...] = (
    _subject,
    _tags,
    _markup,
    _unsubscribe,
    _address,
    _size,
    _text_made,
)
