"""The tracked addresses of a mail that was sent, for checks and tests."""

import re
from dataclasses import dataclass
from html import unescape

from delivery.tracking import tokens

_ADDRESS = re.compile(r"""(?:href|src)=["']([^"']*/(?:c|o|v)/[^"']*)["']""")


@dataclass(frozen=True)
class Tracked:
    """Addresses as a mail program sees them; `pixel` and `bait` are blank in a mail that is not tracked."""

    links: tuple[str, ...]
    pixel: str
    bait: str


def tracked(html: str) -> Tracked:
    """What is tracked in the HTML part of a mail, links in their order."""
    links, pixel, bait = [], "", ""
    for url in map(unescape, _ADDRESS.findall(html)):
        head, _, token = url.rpartition("/")
        if head.endswith("/o"):
            pixel = url
        elif head.endswith("/c") and tokens.read_click(token)[1] == tokens.BAIT:
            bait = url
        elif head.endswith(("/c", "/c/x")):
            links.append(url)
    return Tracked(tuple(links), pixel, bait)
