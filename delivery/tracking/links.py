"""The tracked links of a mail, its pixel, and where a click leads."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_plus, urlencode

import idna
from django.conf import settings
from django.utils.encoding import iri_to_uri

from config.lib import public_ids
from delivery.tracking import tokens
from templates.models import TemplateLink
from templates.rendering import CompiledContent

UrlFor = Callable[[int | None, str], str]

# One reading only, for every browser and library: no user name, no backslash, no escapes in the host (A11.9).
_FOLLOWED = re.compile(r"(https?://)([^\x00-\x20\x7f\\@/?#%\"<>^`{|}]+)((?:[/?#][^\x00-\x20\x7f\\]*)?)", re.IGNORECASE)
_WORD = re.compile(r"\{(campaign|brand)\}")
_LONGEST = 2000  # bytes of an address that are wrapped: a sealed one has to fit into a request line
_HIDDEN = "display:none;max-height:0;overflow:hidden;mso-hide:all"


class Tracker:
    """Writes the tracked addresses of the mails of one order; `tags` are added to each link (`tagged`)."""

    def __init__(self, *, base_url: str, version_id: int, tags: Mapping[str, str]) -> None:
        self.base_url = base_url
        self.links = link_ids(version_id)
        self.tags = tags
        self.marks = tokens.click_marker()
        self.click, self.open, self.view = tokens.signer("click"), tokens.signer("open"), tokens.signer("view")

    def plain(self, slot: int | None, url: str) -> str:
        """The address for somebody who is not tracked."""
        return tagged(url, self.tags)

    def url_for(self, message_id: int, message: str, language: str) -> UrlFor:
        """What puts a tracked address in the place of each link of one message; `message` is its public id."""
        links, click, sign = self.links.get(language.lower(), {}), f"{self.base_url}/c/", self.click

        def url_for(slot: int | None, url: str) -> str:
            if slot is None:
                return sealed(url) if destination(url) else url
            link = links.get(slot)
            return click + sign(message + link) if link else url

        def sealed(url: str) -> str:
            return f"{click}x/{tokens.seal_click(message_id, tagged(url, self.tags))}"

        return url_for

    def slots(self, message: str, content: CompiledContent) -> list[str]:
        """The tracked addresses of a content's static links for one message, in order, signed all at once."""
        links = self.links.get(content.language.lower(), {})
        slots = list(content.urls)
        base = f"{self.base_url}/c/{message}"
        for (slot, link), mark in zip(links.items(), self.marks(message, links.values()), strict=True):
            slots[slot] = base + link + mark
        return slots

    def view_url(self, message: str) -> str:
        """Where a message can be read in a browser."""
        return f"{self.base_url}/v/{self.view(message)}"

    def pixel_url(self, message: str) -> str:
        return f"{self.base_url}/o/{self.open(message)}.gif"

    def with_pixel(self, html: Sequence[str], message: str) -> list[str]:
        """The HTML part with the pixel at its end, and with a link that nobody sees but machines follow (A11.4)."""
        tail = f'<img src="{self.pixel_url(message)}" width="1" height="1" alt="">'
        if settings.TRACKING_BAIT:
            bait = self.click(message + _public("link", tokens.BAIT))
            # no text, no size, out of the tab order and hidden from screen readers
            tail = f'<a href="{self.base_url}/c/{bait}" style="{_HIDDEN}" tabindex="-1" aria-hidden="true"></a>' + tail
        for index in reversed(range(len(html))):
            before, end, after = html[index].rpartition("</body>")
            if end:
                around = [before, tail, end + after] if before else [tail, html[index]]
                return [*html[:index], *around, *html[index + 1 :]]
        return [*html, tail]


def campaign_name(campaign_id: int, label: str) -> str:
    """What a campaign is called in tags: its name, or its public id."""
    return label or _public("campaign", campaign_id)


def tags_of(rule: Mapping[str, str], *, campaign: str, brand: str) -> dict[str, str]:
    """A brand's rule with its words filled in: `{"utm_campaign": "{campaign}"}`."""
    words = {"campaign": campaign, "brand": brand}
    return {name: _WORD.sub(lambda match: words[match[1]], value) for name, value in rule.items()}


def tagged(url: str, tags: Mapping[str, str]) -> str:
    """A web address with the tags that it has not got already; all else of it stays as it is."""
    if not tags or destination(url) is None:
        return url
    address, hash_sign, fragment = url.partition("#")
    base, _, query = address.partition("?")
    present = {unquote_plus(pair.partition("=")[0]).lower() for pair in query.split("&")}
    added = urlencode({name: value for name, value in tags.items() if name not in present}, quote_via=quote)
    joined = "&".join(part for part in (query.rstrip("&"), added) if part)
    return f"{base}?{joined}{hash_sign}{fragment}" if added else url


def destination(url: str) -> str | None:
    """The address to redirect to, in ASCII; None for one that is not followed but stays in the mail as it is."""
    match = _FOLLOWED.fullmatch(url) if len(url.encode(errors="replace")) <= _LONGEST else None
    if match is None:
        return None
    if url.isascii():
        return iri_to_uri(url)
    try:
        host = _ascii_host(match[2])
        return iri_to_uri(match[1] + host + match[3])
    except (idna.IDNAError, UnicodeError):
        return None


def _ascii_host(host: str) -> str:
    name, colon, port = host.partition(":")
    return idna.encode(name, uts46=True).decode() + colon + port if not host.isascii() else host


@lru_cache(maxsize=64)
def _link_ids(_database: str, version_id: int) -> Mapping[str, Mapping[int, str]]:
    found: dict[str, dict[int, str]] = {}
    links = TemplateLink.objects.filter(content__version=version_id)
    for language, slot, pk, url in links.values_list("content__language", "slot", "pk", "url"):
        if destination(url):
            found.setdefault(language.lower(), {})[slot] = _public("link", pk)
    return found


def link_ids(version_id: int) -> Mapping[str, Mapping[int, str]]:
    """The public ids of a version's followed links, by language in lower case and slot. Versions never change."""
    from django.db import connection

    return _link_ids(str(connection.settings_dict["NAME"]), version_id)


@lru_cache(maxsize=4096)
def _public(kind: str, pk: int) -> str:
    return public_ids.encode(kind, pk)
