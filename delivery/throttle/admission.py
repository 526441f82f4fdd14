"""Who of a group may go now, and the places in line of the others."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError

from delivery.accounts import Account
from delivery.models import Lane
from delivery.providers.base import Shape
from delivery.throttle import buckets, groups, slots
from delivery.throttle.buckets import FAR_S, NEAR_S, Class, Turn
from delivery.throttle.demands import Because, Demand, Limit, Wait
from delivery.throttle.groups import Group
from delivery.throttle.keeping import Spell
from delivery.throttle.limits import account_limits, limits_of

log = structlog.get_logger(__name__)
_AWAY_S = (3.0, 15.0)
_CROWDED_S = (0.2, 1.0)  # about what a group of messages takes that has the connections now
_ASK_AGAIN_S = 1.0
_LINGER_S = 0.1
_FASTER_THAN_TICKS = 0.5  # a second; what is slower is served by the bell of each second

_away = Spell()  # a Redis that did not answer is not asked by each group of a batch
_line = Spell()


@dataclass(frozen=True, slots=True)
class Admission:
    """Who waits and why, by message id; and how the others are to be handed over, where that is shaped."""

    waits: Mapping[int, Wait] = field(default_factory=dict)
    shapes: Mapping[int, Shape] = field(default_factory=dict)
    borrowed: Collection[str] = ()

    def close(self) -> None:
        """The group is through: its connections are others' to use."""
        if self.borrowed:
            with suppress(RedisError):
                slots.give_back(self.borrowed)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A demand with all that limits it. `group` only where its connections are counted."""

    demand: Demand
    limits: tuple[Limit, ...]
    group: Group | None

    @property
    def urgent(self) -> bool:
        return self.demand.lane != Lane.BULK


def admit(demands: Sequence[Demand], account: Account, *, at: datetime) -> Admission:
    """Lend connections and take a token from every bucket for each message that may go now; the others wait.

    To be closed when the group is through.
    """
    connections, asked = _asked(demands, account)
    if not asked:
        return Admission()
    if _away.lasts:
        return Admission(_all_wait(asked, at))
    try:
        lent = slots.lend(_wants(asked, connections)) if any(one.group for one in asked) else {}
        served = [one for one in asked if one.group is None or lent[one.group.key]]
        turns = _turns(served, at)
    except RedisError as error:
        _away.prolong(_ASK_AGAIN_S)
        log.warning("throttle_away", error=type(error).__name__, messages=len(asked))
        return Admission(_all_wait(asked, at))
    crowded = {one.demand.message_id: _crowded(one, at) for one in asked if one.group and not lent[one.group.key]}
    shapes = {
        one.demand.message_id: Shape(one.group.key, lent[one.group.key], one.group.messages_per_connection)
        for one in served
        if one.group and one.demand.message_id not in turns
    }
    return Admission(crowded | turns, shapes, lent.keys())


def linger() -> float | None:
    """Seconds after which to look for due messages again without a bell, since some have their turn soon; else None.

    A bucket holds half a second of its rate: who came only once a second would leave half of it unused.
    """
    return _LINGER_S if _line.lasts else None


def forget() -> None:
    """As in a process that has just begun."""
    _away.end()
    _line.end()


def _asked(demands: Sequence[Demand], account: Account) -> tuple[int, list[_Asked]]:
    """The connections that this worker may use of the account, and the demands that have any limit."""
    limits = account_limits(account.id)
    of = groups.current().of({demand.recipient_domain for demand in demands}) if limits.shapes else {}
    found = []
    for demand in demands:
        group = of.get(demand.recipient_domain)
        named = limits_of(demand, account.id, limits, group)
        counted = group if group and group.connections is not None else None
        if named or counted:
            found.append(_Asked(demand, named, counted))
    return limits.connections, found


def _wants(asked: Iterable[_Asked], connections: int) -> dict[Group, int]:
    counts = Counter(one.group for one in asked if one.group)
    return {group: min(count, connections) for group, count in counts.items()}


def _turns(asked: Iterable[_Asked], at: datetime) -> dict[int, Wait]:
    """A token of every bucket for each that may go; the turns of the others."""
    classes: dict[tuple[tuple[Limit, ...], bool], list[Demand]] = {}
    for one in asked:
        if one.limits:
            classes.setdefault((one.limits, one.urgent), []).append(one.demand)
    if not classes:
        return {}
    turns = buckets.take([Class(limits, len(members), urgent) for (limits, urgent), members in classes.items()])
    return {
        message_id: wait
        for members, turn in zip(classes.values(), turns, strict=True)
        for message_id, wait in _waits(members, turn, at)
    }


def _waits(members: Sequence[Demand], turn: Turn, at: datetime) -> Iterator[tuple[int, Wait]]:
    if turn.waits and turn.limit.rate > _FASTER_THAN_TICKS:
        _line.prolong(min(max(turn.waits), NEAR_S))
    for demand, seconds in zip(members[turn.granted :], turn.waits, strict=True):
        # the last of all come back spread over time, not together
        wait = seconds if seconds < FAR_S else FAR_S * _scattered(demand, 0.5, 1)
        yield demand.message_id, Wait(turn.limit.reason, at + timedelta(seconds=wait))


def _crowded(one: _Asked, at: datetime) -> Wait:
    _line.prolong(_CROWDED_S[1])
    return Wait(Because.CONNECTIONS, at + timedelta(seconds=_scattered(one.demand, *_CROWDED_S)))


def _all_wait(asked: Iterable[_Asked], at: datetime) -> dict[int, Wait]:
    return {
        one.demand.message_id: Wait(Because.AWAY, at + timedelta(seconds=_scattered(one.demand, *_AWAY_S)))
        for one in asked
    }


def _scattered(demand: Demand, low: float, high: float) -> float:
    return low + (high - low) * (demand.message_id % 997) / 997
