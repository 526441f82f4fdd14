"""The ledger's verbs over batches: plan, claim, begin, settle, and the sweeps. All SQL is in sql/ledger.sql."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from django.conf import settings

from config.lib.sql import Statements
from delivery import dispositions
from delivery.models import DeliveryEvent, Message

TALLY_HOURS = 6
_IN_FLIGHT = [Message.State.DISPATCHING, Message.State.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message, claimed at `claimed_at`, that this worker may work on until `lease_ends` (time.monotonic())."""

    id: int
    order_id: int
    contact_id: int
    attempt: int
    deferrals: int = 0
    deferred_since: datetime | None = None
    lease_ends: float = inf
    claimed_at: float = inf


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one message: its new state, and the delivery event to log (kind "" logs none)."""

    message_id: int
    attempt: int
    state: Message.State
    kind: DeliveryEvent.Kind | str = ""
    reason: str = ""
    detail: str = ""
    due_at: datetime | None = None


_SQL = Statements("delivery", "ledger")
run, count = _SQL.rows, _SQL.count


def claim(lane: str, channel: str, *, limit: int) -> list[Claimed]:
    """Take up to `limit` due messages of a lane, an equal share of each open order."""
    # shorter than a dispatch's: a claim that runs out costs nothing but the rendering
    lease_s = settings.SEND_LEASE_S / 3
    claimed_at = time.monotonic()
    rows = run("claim", lane=lane, channel=channel, limit=limit, lease_s=lease_s)
    times = (claimed_at + lease_s, claimed_at)
    return [Claimed(*[*row, *times]) for row in rows]


def begin(address_keys: dict[int, int], *, account_id: int) -> dict[int, int]:
    """Commit the intent to send; `address_keys` by message id. Returns the attempt of those that may go on."""
    rows = run(
        "begin", ids=list(address_keys), address_keys=list(address_keys.values()), account=account_id,
        lease_s=settings.SEND_LEASE_S,
    )  # fmt: skip
    return dict(rows)


def begin_again(address_keys: dict[int, int], *, account_id: int, attempts: dict[int, int]) -> dict[int, int]:
    """The same when the connection was cut in it: what that one had committed goes on as begun, by its attempt.

    Repeated first: it waits for the cut one when that still runs. Nobody else can have begun these rows as long as
    their claim lasts. `attempts`: the number that each is begun under.
    """
    anew = begin(address_keys, account_id=account_id)
    before = run("begun", ids=list(attempts), attempts=list(attempts.values()))
    return dict(before) | anew


def settle(settlements: Sequence[Settlement]) -> set[int]:
    """Write the outcome of begun messages and their events in one transaction; the ids that it held for."""
    return _settle(settlements, _IN_FLIGHT)


def settle_unbegun(settlements: Sequence[Settlement]) -> set[int]:
    """The same for messages that were claimed but never begun (nothing to render, no address)."""
    return _settle(settlements, [Message.State.CLAIMED])


def _settle(settlements: Sequence[Settlement], from_states: Sequence[str]) -> set[int]:
    if not settlements:
        return set()
    rows = run(
        "settle",
        ids=[s.message_id for s in settlements],
        attempts=[s.attempt for s in settlements],
        states=[str(s.state) for s in settlements],
        reasons=[_text(s.reason, 60) for s in settlements],
        due_ats=[s.due_at for s in settlements],
        kinds=[str(s.kind) for s in settlements],
        details=[_text(s.detail, 500) for s in settlements],
        from_states=list(from_states),
    )
    return {row[0] for row in rows}


def _text(words: str, length: int) -> str:
    """What Postgres can hold: a server's words may have a NUL in them."""
    return words.replace("\x00", "")[:length]


def sweep(*, limit: int = 5000) -> dict[str, int]:
    """Give back or give up what dead workers and ended orders left, at most `limit` rows a statement."""
    done = {
        "release_claimed": count("release_claimed", limit=limit, max_losses=settings.SEND_MAX_LOSSES),
        "mark_unknown": count("mark_unknown", limit=limit),
    }
    done["resend_unknown"] = dispositions.resend_unknown()
    done["end_waiting"] = sum(count("end_waiting", order=order_id, limit=limit) for (order_id,) in run("orders_to_end"))
    return done


def forget_tallies() -> int:
    """Drop the tallies that no window looks back to any more."""
    return count("forget_tallies", hours=TALLY_HOURS)
