"""How many connections each worker may use for a mailbox provider's mail, exact over all workers (slots.lua)."""

import os
import uuid
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from delivery.throttle.connection import client
from delivery.throttle.groups import Group

_SCRIPT = Path(__file__).with_name("slots.lua").read_text()


def lend(wants: Mapping[Group, int]) -> dict[str, int]:
    """Connections for one group of messages, by the group's key: as many as wanted, as there are, and as are fair.

    They come back by `give_back`, or when the messages they were for can no longer be on the wire. Raises RedisError.
    """
    figures = [figure for group, want in wants.items() for figure in (group.connections or 0, want)]
    keys = [_key(group.key) for group in wants]
    lent: Any = client().register_script(_SCRIPT)(keys, [_worker(os.getpid()), settings.SEND_LEASE_S, *figures])
    return {group.key: connections for group, connections in zip(wants, lent, strict=True)}


def give_back(groups: Collection[str]) -> None:
    """For others to use. Raises RedisError; then they come back by themselves."""
    with client().pipeline(transaction=False) as pipeline:
        for key in groups:
            pipeline.hdel(_key(key), _worker(os.getpid()))
        pipeline.execute()


def _key(group: str) -> str:
    return f"throttle:slots:{group}"


@cache
def _worker(pid: int) -> str:
    """A name of this process alone: another one after a fork."""
    return f"{pid}-{uuid.uuid4().hex}"
