"""A compiled version, kept parsed in each process, rendered for one person at a time.

Per person nothing is parsed but what Liquid left open; contact data is never parsed. The same version and
person give the same bytes. Any failure is that message's alone: RenderFailed, or MissingMergeTag.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from markupsafe import escape

from templates import dialect
from templates.dialect import BLANK_LINES, Context, Program
from templates.errors import MissingMergeTag, RenderFailed, VersionNotFound
from templates.pieces import Static

Fields = Mapping[str, Any]
_NO_MARKUP = re.compile(r"[^<>&'\"]*").fullmatch  # one look at all links instead of escaping each
_CONTROL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")


@dataclass(frozen=True)
class Links:
    """The links of one message: where to unsubscribe, and what takes the place of a link when clicks are counted.

    `url_for(slot, url)` gives the address to print; `slot` is None for a link with contact data in it.
    The other two are never handed to it (STANDARDS A1.19).
    """

    unsubscribe: str
    url_for: Callable[[int | None, str], str] | None = None
    view: str = "#"  # the message as a web page
    slots: Sequence[str] = ()  # what `url_for` would give for each static link in order, from who makes all at once


@dataclass(frozen=True)
class Rendered:
    """A message for one person. `html` is empty for a plain text message; subject and preheader are one line."""

    subject: str
    html: str
    text: str
    preheader: str
    language: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """The same in pieces (pieces.py): joined, `html` and `text` are those of `Rendered`."""

    subject: str
    html: list[str]
    text: list[str]
    preheader: str
    language: str


class _MessageLinks:
    """Fills the link tags of one content for one message."""

    __slots__ = ("html", "links", "text")

    def __init__(self, content: "CompiledContent", links: Links) -> None:
        self.links = links
        self.text: Sequence[str] = content.urls
        self.html: Sequence[str] = content.escaped_urls
        if links.url_for:
            self.text = links.slots or [links.url_for(slot, url) for slot, url in enumerate(content.urls)]
            self.html = self.text if _NO_MARKUP("".join(self.text)) else [str(escape(url)) for url in self.text]

    def slot(self, number: int, *, html: bool) -> str:
        return (self.html if html else self.text)[number]

    def sealed(self, url: str) -> str:
        followed = self.links.url_for and url.startswith(("http:", "https:"))
        if not followed or url.startswith((self.links.unsubscribe, self.links.view)):
            return url
        assert self.links.url_for
        return self.links.url_for(None, url)


@dataclass(frozen=True)
class CompiledContent:
    """One language, parsed."""

    language: str
    subject: Program
    preheader: Program
    html: Program
    text: Program
    urls: tuple[str, ...] = ()
    escaped_urls: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "escaped_urls", tuple(str(escape(url)) for url in self.urls))

    @classmethod
    def parse(
        cls, *, language: str, subject: str, preheader: str, html: str, text: str, urls: Sequence[str]
    ) -> "CompiledContent":
        """From what is stored. Raises LiquidError only for what the compiler did not make."""

        def line(source: str) -> Program:
            return Program(dialect.TEXT.from_string(source))

        markup = Program(dialect.HTML.from_string(html))
        return cls(language, line(subject), line(preheader), markup, line(text), tuple(urls))


def choose_language(wanted: str, available: Collection[str], default: str) -> str:
    """Which of the languages (in lower case) a person gets: for `pt-BR` that, else `pt`, else the default one."""
    whole = wanted.replace("_", "-").lower()
    if whole in available:
        return whole
    short = whole.partition("-")[0]
    return short if short in available else default.lower()


@dataclass(frozen=True)
class CompiledVersion:
    """A version with all its languages, ready to render."""

    contents: Mapping[str, CompiledContent]
    default_language: str
    skip_missing: bool = False
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    def content_for(self, language: str) -> CompiledContent:
        """The content for a contact's language: `pt-BR`, else `pt`, else the default language."""
        return self.contents[choose_language(language, self.contents, self.default_language)]

    def render(self, *, fields: Fields, language: str, brand: Fields, links: Links) -> Rendered:
        """The message for one person.

        `fields` are the contact's, plain values; `brand` has name, legal_name, postal_address and logo.
        Raises MissingMergeTag when the version skips people without a value, RenderFailed for anything else.
        """
        made = self.render_pieces(fields=fields, language=language, brand=brand, links=links)
        return Rendered(made.subject, "".join(made.html), "".join(made.text), made.preheader, made.language)

    def render_pieces(self, *, fields: Fields, language: str, brand: Fields, links: Links) -> Pieces:
        """As `render`, with the text that all messages share left in one piece, for who encodes it once."""
        content = self.content_for(language)
        scope = {
            **fields,
            "contact": fields,
            "brand": brand,
            "links": {"unsubscribe": links.unsubscribe, "view": links.view},
            "unsubscribe_url": links.unsubscribe,
        }
        filled = _MessageLinks(content, links)
        try:
            rendered = Pieces(
                subject=_one_line(self._part(content.subject, scope, filled)),
                html=self._part(content.html, scope, filled),
                text=_tidy(self._part(content.text, scope, filled)),
                preheader=_one_line(self._part(content.preheader, scope, filled)),
                language=content.language,
            )
        except MissingMergeTag:
            raise
        except Exception as error:  # whatever a template can make the library do concerns this message alone
            raise RenderFailed(_first_line(error)) from error
        if not rendered.subject:
            raise RenderFailed("the subject came out empty")
        return rendered

    def _part(self, part: Program, scope: dict[str, Any], links: _MessageLinks) -> list[str]:
        if not part:
            return []
        return part.run(Context(part.template, globals=scope, policy=self._missing, links=links))

    def _missing(self, name: str) -> str:
        """What to print for a merge tag without a value."""
        name = name.removeprefix("contact.")
        if name in self.fallbacks:
            return self.fallbacks[name]
        if self.skip_missing:
            raise MissingMergeTag(name)
        return ""


def _tidy(pieces: list[str]) -> list[str]:
    """Text without more than one blank line in a row. Static pieces neither begin nor end with one."""
    tidied = [
        piece if type(piece) is Static or "\n" not in piece else BLANK_LINES.sub("\n\n", piece) for piece in pieces
    ]
    if tidied and type(tidied[0]) is not Static:
        tidied[0] = tidied[0].lstrip("\n")
    if tidied and type(tidied[-1]) is not Static:
        tidied[-1] = tidied[-1].rstrip("\n")
    return tidied


def _one_line(pieces: list[str]) -> str:
    """Without line breaks and control characters: nothing can be added to the headers (STANDARDS A3.6)."""
    return " ".join("".join(pieces).translate(_CONTROL).split())


def _first_line(error: Exception) -> str:
    detail = str(error.args[0]) if error.args else type(error).__name__
    return detail.splitlines()[0][:200] if detail else type(error).__name__


def load(version_id: int, *, images_at: str = "") -> CompiledVersion:
    """The version with this key, parsed once per process: versions never change. Raises VersionNotFound.

    `images_at`: the address of a brand, below which our images stand in its mails; blank: as they are stored.
    """
    from django.db import connection  # the child process renders previews without Django

    return _load(str(connection.settings_dict["NAME"]), version_id, images_at)


@lru_cache(maxsize=64)
def _load(_database: str, version_id: int, images_at: str) -> CompiledVersion:
    from templates.models import TemplateVersion

    version = TemplateVersion.objects.filter(pk=version_id).prefetch_related("contents__links").first()
    if version is None:
        raise VersionNotFound(f"there is no template version {version_id}")
    contents = {
        content.language.lower(): CompiledContent.parse(
            language=content.language,
            subject=content.subject,
            preheader=content.preheader,
            html=_images_moved(content.compiled_html, images_at),
            text=content.compiled_text,
            urls=[link.url for link in sorted(content.links.all(), key=lambda link: link.slot)],
        )
        for content in version.contents.all()
    }
    skip = version.missing_policy == "skip"
    return CompiledVersion(contents, version.default_language, skip, version.fallbacks)


def _images_moved(html: str, base: str) -> str:
    """Our images below the address of a brand. Links need no such thing: they stand in slots."""
    from django.conf import settings

    ours = f'"{settings.BASE_URL}/i/'  # templates/urls_images.py
    return html.replace(ours, f'"{base}/i/') if base else html
