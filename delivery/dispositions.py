"""The verbs over messages that ended badly: dead letters and unknowns. All SQL is in sql/dispositions.sql."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from config.lib.sql import queries

CHUNK = 5000  # rows a transaction: well below 2 s
_PAUSE_S = 15


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters of a campaign: those with these ids, of this reason, of this fault; blank: all of them."""

    campaign_id: int
    ids: Sequence[int] | None = None
    reason: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Unknowns:
    """Which unknown messages of a campaign: those with these ids, or of this reason; blank: all of them."""

    campaign_id: int
    ids: Sequence[int] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a provider says of a message later: `state` is sent, or failed with the reason."""

    message_id: int
    state: str
    reason: str = ""
    detail: str = ""


def replay(choice: Choice, *, by_id: int | None) -> int:
    """Make the next chunk of dead letters ready again; returns how many, 0 when none is left."""
    return len(_run("replay", **_named(choice), by=by_id, limit=CHUNK))


def drop(choice: Choice, *, by_id: int | None) -> int:
    """Give up the next chunk of dead letters for good; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(queries("delivery", "dispositions")["drop"], {**_named(choice), "by": by_id, "limit": CHUNK})
        return int(cursor.rowcount)


def mark_sent(unknowns: Unknowns) -> int:
    """Let the next chunk count as sent; returns how many."""
    kinds = ["resolved", "sent"]
    return len(_run("resolve_unknown", **_named(unknowns), state="sent", why="marked", kinds=kinds, limit=CHUNK))


def send_again(unknowns: Unknowns) -> int:
    """Make the next chunk ready again, some of which may arrive twice; returns how many."""
    return len(
        _run("resolve_unknown", **_named(unknowns), state="ready", why="sent_again", kinds=["resolved"], limit=CHUNK)
    )


def resend_unknown() -> int:
    """The same for the next chunk under orders that would rather send twice than never."""
    return len(_run("resend_unknown", attempts=settings.SEND_MAX_ATTEMPTS_UNKNOWN, pause_s=_PAUSE_S, limit=CHUNK))


def learn(truths: Sequence[Truth]) -> set[int]:
    """Enter what was heard later, in one transaction; the ids for which it changed something."""
    by_id: dict[int, Truth] = {}
    for truth in truths:  # of two about one message, that it was sent wins
        known = by_id.get(truth.message_id)
        by_id[truth.message_id] = known if known and known.state == "sent" else truth
    found = list(by_id.values())
    return set(
        _run(
            "learn",
            ids=[truth.message_id for truth in found],
            states=[truth.state for truth in found],
            reasons=[truth.reason[:60] for truth in found],
            details=[truth.detail.replace("\x00", "")[:500] for truth in found],
        )
    )


def _named(choice: Choice | Unknowns) -> dict[str, Any]:
    names = asdict(choice)
    return {**names, "campaign": names["campaign_id"], "ids": None if choice.ids is None else list(choice.ids)}


def rows(name: str, **values: Any) -> list[tuple[Any, ...]]:
    """Execute one named statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(queries("delivery", "dispositions")[name], values)
        return list(cursor.fetchall())


def _run(name: str, **values: Any) -> list[int]:
    return [row[0] for row in rows(name, **values)]
