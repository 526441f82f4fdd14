"""What a group's receipts say of an account, and what follows for its breaker. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery.models import Breaker
from delivery.providers.base import Outcome, Receipt, Trouble

LIMIT = 5
"""So many messages in a row without one that was well open the breaker."""
SHARE, ENOUGH = 0.5, 20
"""Of at least so many messages of a group, more than this share opens it too."""
FIRST_REST = timedelta(seconds=10)
LONGEST_REST = timedelta(minutes=15)

_TROUBLES = frozenset(Trouble)
_WELL = frozenset({Outcome.SENT, Outcome.PERMANENT, Outcome.TRANSIENT})
_State = Breaker.State


@dataclass(frozen=True, slots=True)
class Signs:
    """Of a group: messages that show the account works, those that show it does not, and the wait it asked for."""

    well: int
    ill: int
    wait_s: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Health:
    """What a breaker row says."""

    state: str = _State.CLOSED
    failures: int = 0
    retry_at: datetime | None = None
    reason: str = ""


def signs(receipts: Sequence[Receipt]) -> Signs:
    """A refusal of a recipient shows that the account works; a message not begun for want of time shows nothing."""
    ill = [r for r in receipts if r.category in _TROUBLES or r.outcome is Outcome.UNKNOWN]
    waits = [r.retry_after_s for r in ill if r.category == Trouble.THROTTLED and r.retry_after_s]
    well = sum(r.outcome in _WELL for r in receipts) - sum(r.outcome in _WELL for r in ill)
    reason = f"{ill[0].category}: {ill[0].code} {ill[0].detail}" if ill else ""
    return Signs(well, len(ill), max(waits, default=None), " ".join(reason.split())[:300])


def after(now: Health, seen: Signs, *, at: datetime) -> Health:
    """The breaker after a group. One that asked us to wait rests for as long; one that failed, longer each time."""
    if seen.wait_s:
        until = max(at + timedelta(seconds=seen.wait_s), now.retry_at or at)
        return Health(_State.OPEN, now.failures, until, seen.reason)
    if now.state == _State.OPEN:
        return now  # a group that was on its way when it opened
    if seen.ill and now.state == _State.HALF_OPEN and seen.ill >= seen.well:
        return _opened(now.failures + LIMIT, seen, at)
    if seen.ill and not seen.well:
        failures = now.failures + min(seen.ill, LIMIT)
        return _opened(failures, seen, at) if failures >= LIMIT else Health(_State.CLOSED, failures, None, seen.reason)
    if seen.ill > SHARE * (seen.ill + seen.well) and seen.ill + seen.well >= ENOUGH:
        return _opened(max(now.failures, LIMIT), seen, at)
    return Health() if seen.well else now


def rest(failures: int) -> timedelta:
    """How long nothing goes through it: 10 s, then twice as long with each trial that fails, to 15 minutes."""
    doublings = min(max(failures // LIMIT - 1, 0), 10)
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)


def _opened(failures: int, seen: Signs, at: datetime) -> Health:
    return Health(_State.OPEN, failures, at + rest(failures), seen.reason)
