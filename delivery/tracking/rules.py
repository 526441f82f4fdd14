"""Who made a hit: a person, a mail program that fetches ahead, or a scanner (STANDARDS A11.2-4). Pure.

Rules improve: VERSION says which ones a verdict is by, and goes up with every change of theirs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from crawlerdetect import CrawlerDetect
from django.conf import settings

from delivery.models import Hit, Judgement

VERSION = 1
BAIT_WINDOW = timedelta(minutes=10)

Network = IPv4Network | IPv6Network
Verdict = Judgement.Verdict
# Mail programs, and the proxies of mailboxes that fetch a picture when somebody looks at it: lists of robots name them
_PROGRAMS = re.compile(r"GoogleImageProxy|YahooMailProxy|Outlook|Microsoft Office|Thunderbird|AppleMail", re.IGNORECASE)
_KEPT_BITS = {4: 24, 6: 48}  # what is known of an address, as in hits
_robots = CrawlerDetect()


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing done with one message in one second, however often: which link, or the pixel."""

    kind: str
    link: tuple[int | None, int | None]
    network: str
    first_at: datetime
    last_at: datetime

    def gap(self, at: datetime) -> timedelta:
        """How far away it is in time; nothing when it goes on at that moment."""
        return max(self.first_at - at, at - self.last_at, timedelta())


@dataclass(frozen=True, slots=True)
class Seen:
    """What a hit is judged by. `agent` is None once its words are forgotten."""

    kind: str
    link: tuple[int | None, int | None]
    network: str
    agent: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    verdict: Judgement.Verdict
    rule: str = ""


def rule_on(hit: Seen, around: Sequence[Activity]) -> Ruling:
    """The verdict on a hit; `around` is what else was done with the same message at about the time, itself included."""
    if hit.kind == Hit.Kind.BAITED or any(_baits(other, hit) for other in around):
        return Ruling(Verdict.SCANNER, "bait")
    if hit.agent is not None and is_robot(hit.agent):
        return Ruling(Verdict.SCANNER, "agent")
    if hit.agent == "Mozilla/5.0" and is_apples(hit.network):
        return Ruling(Verdict.PREFETCH, "apple")
    if any(_is_beside(other, hit) for other in around):
        return Ruling(Verdict.SCANNER, "burst")
    return Ruling(Verdict.HUMAN)


def _baits(other: Activity, hit: Seen) -> bool:
    """The same network followed the link that no person can see."""
    return other.kind == Hit.Kind.BAITED and other.network == hit.network and other.gap(hit.at) <= BAIT_WINDOW


def _is_beside(other: Activity, hit: Seen) -> bool:
    """Something else was done in the same moment: nobody is that quick."""
    different = (other.kind, other.link) != (hit.kind, hit.link)
    return different and other.gap(hit.at) <= timedelta(seconds=settings.TRACKING_BURST_S)


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Whether the words of a browser are those of a known robot or of a program; nobody's browser is silent."""
    return not agent.strip() or (not _PROGRAMS.search(agent) and _robots.isCrawler(agent))


def is_apples(network: str) -> bool:
    """Whether Apple may fetch from a network, a /24 or /48."""
    if not network:
        return False
    known, lengths = _ranges(Path(settings.TRACKING_APPLE_RANGES))
    mine = ip_network(network)
    return any(mine.supernet(new_prefix=bits) in known for bits in lengths if bits <= mine.prefixlen)


@lru_cache(maxsize=4)
def _ranges(path: Path) -> tuple[frozenset[Network], tuple[int, ...]]:
    """The networks of a file, none longer than what hits keep, and the lengths that there are."""
    lines = (line.partition(",")[0].strip() for line in path.read_text().splitlines())
    known = frozenset(_widened(ip_network(line)) for line in lines if line and not line.startswith("#"))
    return known, tuple(sorted({network.prefixlen for network in known}))


def _widened(network: Network) -> Network:
    bits = _KEPT_BITS[network.version]
    return network.supernet(new_prefix=bits) if network.prefixlen > bits else network
