"""Who of a group may go now, and the places in line of the others."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError

from delivery.accounts import Account
from delivery.models import Lane
from delivery.throttle import buckets, groups
from delivery.throttle.buckets import FAR_S, NEAR_S, Class, Turn
from delivery.throttle.demands import Because, Demand, Limit, Wait
from delivery.throttle.keeping import Spell
from delivery.throttle.limits import account_limits, limits_of

log = structlog.get_logger(__name__)
_AWAY_S = (3.0, 15.0)
_ASK_AGAIN_S = 1.0
_LINGER_S = 0.1
_FASTER_THAN_TICKS = 0.5  # a second; what is slower is served by the bell of each second

_away = Spell()  # a Redis that did not answer is not asked by each group of a batch
_line = Spell()


def admit(demands: Sequence[Demand], account: Account, *, at: datetime) -> Mapping[int, Wait]:
    """Take a token from every bucket for each message that may go now; the waits of the others, by message id."""
    classes = _classes(demands, account)
    if not classes:
        return {}
    members = list(classes.values())
    try:
        turns = _take([Class(limits, len(of), urgent) for (limits, urgent), of in classes.items()])
    except RedisError as error:
        log.warning("throttle_away", error=type(error).__name__, messages=sum(map(len, members)))
        return _all_wait(members, at)
    return {id_: wait for of, turn in zip(members, turns, strict=True) for id_, wait in _waits(of, turn, at)}


def linger() -> float | None:
    """Seconds after which to look for due messages again without a bell, since some have their turn soon; else None.

    A bucket holds half a second of its rate: who came only once a second would leave half of it unused.
    """
    return _LINGER_S if _line.lasts else None


def forget() -> None:
    """As in a process that has just begun."""
    _away.end()
    _line.end()


def _classes(demands: Sequence[Demand], account: Account) -> dict[tuple[tuple[Limit, ...], bool], list[Demand]]:
    limits = account_limits(account.id)
    of = groups.current().of({demand.recipient_domain for demand in demands}) if limits.shapes else {}
    classes: dict[tuple[tuple[Limit, ...], bool], list[Demand]] = {}
    for demand in demands:
        if found := limits_of(demand, account.id, limits, of.get(demand.recipient_domain)):
            classes.setdefault((found, demand.lane != Lane.BULK), []).append(demand)
    return classes


def _take(classes: Sequence[Class]) -> list[Turn]:
    if _away.lasts:
        raise RedisError("it did not answer a moment ago")
    try:
        return buckets.take(classes)
    except RedisError:
        _away.prolong(_ASK_AGAIN_S)
        raise


def _waits(members: Sequence[Demand], turn: Turn, at: datetime) -> Iterable[tuple[int, Wait]]:
    if turn.waits and turn.limit.rate > _FASTER_THAN_TICKS:
        _line.prolong(min(max(turn.waits), NEAR_S))
    for demand, seconds in zip(members[turn.granted :], turn.waits, strict=True):
        # the last of all come back spread over time, not together
        wait = seconds if seconds < FAR_S else FAR_S * _scattered(demand.message_id, 0.5, 1)
        yield demand.message_id, Wait(turn.limit.reason, at + timedelta(seconds=wait))


def _all_wait(members: Iterable[Sequence[Demand]], at: datetime) -> dict[int, Wait]:
    return {
        demand.message_id: Wait(Because.AWAY, at + timedelta(seconds=_scattered(demand.message_id, *_AWAY_S)))
        for of in members
        for demand in of
    }


def _scattered(message_id: int, low: float, high: float) -> float:
    return low + (high - low) * (message_id % 997) / 997
