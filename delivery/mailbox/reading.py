"""A stored mail taken apart for a person to look at: both bodies, its links, its headers, its source."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

_SHOWN_SOURCE = 200_000
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True)
class Link:
    """One link: what it says and where it goes. Only web and mail addresses are fit to be followed."""

    label: str
    url: str

    @property
    def followable(self) -> bool:
        return self.url.lower().startswith(("https://", "http://", "mailto:"))


@dataclass(frozen=True)
class Attachment:
    """A file that came along; `size` in bytes."""

    name: str
    kind: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)


@dataclass(frozen=True)
class Content:
    """`html` and `text` are empty when the mail has no such part; `source` is cut at 200 kB."""

    html: str
    text: str
    links: list[Link]
    headers: list[tuple[str, str]]
    source: str
    attachments: list[Attachment]


def read(raw: bytes) -> Content:
    """Never raises for a malformed mail: what cannot be read is shown as it stands."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    html, text = _body(message, "html"), _body(message, "plain")
    return Content(
        html=html,
        text=text,
        links=links_of_html(html) if html else [Link(url, url) for url in dict.fromkeys(_WEB_ADDRESS.findall(text))],
        headers=_headers(raw),
        source=raw[:_SHOWN_SOURCE].decode("utf-8", "replace"),
        attachments=_attachments(message),
    )


def html_of(raw: bytes) -> str:
    """The HTML part alone; empty when there is none."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return _body(message, "html")


def links_of_html(html: str) -> list[Link]:
    """The links in their order, each address and label once."""
    parser = _LinkParser()
    parser.feed(html)
    parser.close()
    return list(dict.fromkeys(parser.links))


class _LinkParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self._url: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("a", "area"):
            self._finish()
            self._url = (values.get("href") or "").strip() or None
        elif tag == "img" and self._url:
            self._words.append(values.get("alt") or "image")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._finish()

    def handle_data(self, data: str) -> None:
        if self._url:
            self._words.append(data)

    def close(self) -> None:
        super().close()
        self._finish()

    def _finish(self) -> None:
        if self._url:
            label = _BLANK.sub(" ", " ".join(self._words)).strip()
            self.links.append(Link(label or self._url, self._url))
        self._url, self._words = None, []


def _attachments(message: EmailMessage) -> list[Attachment]:
    """The files, in their order; a part that cannot be read is an empty one."""
    try:
        parts = list(message.iter_attachments())
    except (AttributeError, KeyError, TypeError):  # a message that says it has parts, and has none
        return []
    found = ((part, part.get_payload(decode=True)) for part in parts)
    return [
        Attachment(
            part.get_filename() or f"part-{number}", part.get_content_type(), data if isinstance(data, bytes) else b""
        )
        for number, (part, data) in enumerate(found, 1)
    ]


def _body(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        return str(part.get_content()) if part else ""
    except (LookupError, ValueError, AttributeError):  # an unknown charset, a broken encoding
        payload = message.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) and kind == "plain" else ""


def _headers(raw: bytes) -> list[tuple[str, str]]:
    """Unfolded, in their order, not decoded: here one looks at what was sent."""
    head = raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return [(name, value.strip()) for name, _, value in pairs]
