"""Hits: every request for a pixel or a link, stored raw before it is answered, and judged later (A11.7).

A hit names no person. Of who asked it keeps the network (a /24 or /48) and a hash of the browser's words; the words
themselves are kept apart and forgotten after a while (STANDARDS A5.7).
"""

import hashlib
import json
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from django.db import connection

from config.lib.sql import queries
from delivery.models import Hit
from delivery.tracking.links import campaign_name, tagged, tags_of


@dataclass(frozen=True, slots=True)
class Client:
    """Who asked: the words of User-Agent, and the network it came from; blank when unknown."""

    agent: str
    network: str

    @classmethod
    def of(cls, agent: str, address: str) -> "Client":
        """From what a request says of itself; nothing of it is trusted to be well formed."""
        return cls(agent.replace("\x00", "")[:500], network_of(address))


def network_of(address: str) -> str:
    """The /24 or /48 that an address is in; blank for what is no address."""
    try:
        ip = ip_address(address.strip())
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def record(kind: Hit.Kind, *, message_id: int, client: Client, link_id: int | None = None, url: str = "") -> str | None:
    """Store a hit, committed when this returns; where its link leads, when the link has a row.

    Hits on test sends and on messages that are gone are not stored, but their links still lead on.
    """
    return _lead(
        "hit", kind=str(kind), message=message_id, link=link_id, target=_hash(url) if url else None,
        agent=_hash(client.agent), words=client.agent, network=client.network,
    )  # fmt: skip


def look(message_id: int, link_id: int) -> str | None:
    """Where a link leads, without a hit."""
    return _lead("look", message=message_id, link=link_id)


def _lead(name: str, **values: Any) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(queries("delivery", "tracking")[name], values)
        url, campaign_id, label, brand, utm = cursor.fetchone()
    if url is None or not utm:
        return url  # type: ignore[no-any-return]
    return tagged(url, tags_of(json.loads(utm), campaign=campaign_name(campaign_id, label), brand=brand))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big", signed=True)
