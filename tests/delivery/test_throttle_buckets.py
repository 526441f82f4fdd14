"""Token buckets in Redis against the same laws in plain Python, on a clock that the test sets."""

import subprocess
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import accumulate
from random import Random

import hypothesis
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from delivery.throttle import Because, Limit, buckets
from delivery.throttle.buckets import Class, Turn

LIMITS = [
    Limit("throttle:a", 100, Because.ACCOUNT),
    Limit("throttle:b", 7, Because.PROVIDER),
    Limit("throttle:c", 1, Because.CAMPAIGN),
    Limit("throttle:d", 0.25, Because.SLOWED),
]
WINDOW_S = 10.0
START = 1_800_000_000.0

classes = st.builds(
    Class,
    st.lists(st.sampled_from(LIMITS), min_size=1, max_size=3, unique=True).map(tuple),
    st.integers(0, 60),
    st.booleans(),
)
steps = st.lists(
    st.tuples(st.one_of(st.floats(0, 0.3), st.floats(0, 20)), st.lists(classes, min_size=1, max_size=4)),
    min_size=1, max_size=15,
)  # fmt: skip


def _flush() -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.flushall()


def _one(limit: Limit, count: int, *, now: float, urgent: bool = False) -> Turn:
    return buckets.take([Class((limit,), count, urgent)], now=now)[0]


def _most_in_a_window(times: list[float]) -> int:
    """The most that fall into any half-open window."""
    return max((bisect_left(times, start + WINDOW_S) - index for index, start in enumerate(times)), default=0)


@hypothesis.settings(max_examples=25)
@given(steps, st.booleans())
def test_whatever_is_asked_the_plain_model_grants_the_same_and_no_window_sees_more_than_105_percent(
    steps: list[tuple[float, list[Class]]], urgent: bool
) -> None:
    _flush()
    _one(LIMITS[0], 0, now=START)
    now, model = START, _Model(START)
    granted: defaultdict[Limit, list[float]] = defaultdict(list)
    for passed, drawn in steps:
        now += passed
        asked = [replace(one, urgent=urgent) for one in drawn]
        turns = buckets.take(asked, now=now)
        assert [turn.granted for turn in turns] == [model.take(one, now) for one in asked]
        assert [turn.granted + len(turn.waits) for turn in turns] == [one.count for one in asked]
        for one, turn in zip(asked, turns, strict=True):
            for limit in one.limits:
                granted[limit] += [now] * turn.granted
    for limit, times in granted.items():
        # of less than one message, no part can be sent
        assert _most_in_a_window(times) <= max(limit.rate * WINDOW_S * 1.05, limit.rate * WINDOW_S + 1)


class _Model:
    """Each bucket as (tokens, at), filling since the epoch, for messages of one lane alone."""

    def __init__(self, born: float) -> None:
        self.born = born
        self.kept: dict[Limit, tuple[float, float]] = {}

    def take(self, one: Class, now: float) -> int:
        tokens = {limit: self._tokens(limit, now) for limit in one.limits}
        reserves = {limit: limit.rate / 20 if limit.rate >= 20 and not one.urgent else 0 for limit in one.limits}
        granted = min([one.count, *(int(max(0, tokens[n] - reserves[n] + 1e-4)) for n in one.limits)])
        for limit in one.limits:
            self.kept[limit] = (tokens[limit] - granted, now)
        return granted

    def _tokens(self, limit: Limit, now: float) -> float:
        tokens, at = self.kept.get(limit, (0.0, self.born))
        return min(max(1.0, limit.rate / 2), tokens + limit.rate * (now - at))


def test_a_place_in_line_is_when_its_token_comes() -> None:
    limit = Limit("throttle:line", 10, Because.PROVIDER)
    first = _one(limit, 6, now=START)
    assert first.granted == 0
    assert first.waits == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], abs=1e-4)
    # others who come meanwhile stand behind them, and each finds its token at its place
    assert _one(limit, 1, now=START + 0.05).waits == pytest.approx([0.65], abs=1e-4)
    assert [_one(limit, 1, now=START + n / 10 + 0.001).granted for n in range(1, 7)] == [1] * 6


def test_the_work_of_putting_back_goes_by_the_limit_and_not_by_how_many_wait() -> None:
    """Of 150,000 on ten a second the near ones have a place each, the others come back four for a token."""
    limit = Limit("throttle:crowd", 10, Because.PROVIDER)
    waits = sorted(wait for _ in range(30) for wait in _one(limit, 5000, now=START).waits)
    near = [wait for wait in waits if wait <= buckets.NEAR_S]
    beyond = [wait for wait in waits if buckets.NEAR_S < wait < buckets.FAR_S]
    assert len(near) == pytest.approx(10 * buckets.NEAR_S, abs=2)
    assert len(beyond) == pytest.approx(40 * (buckets.FAR_S - buckets.NEAR_S), abs=2)
    assert waits[-1] == buckets.FAR_S


def test_a_raised_limit_forgets_the_line_of_the_lower_one() -> None:
    slow, fast = (Limit("throttle:faster", rate, Because.PROVIDER) for rate in (1, 100))
    assert max(_one(slow, 200, now=START).waits) == pytest.approx(200)
    assert max(_one(fast, 100, now=START + 1).waits) < 2


def test_bulk_leaves_the_last_tenth_to_what_is_urgent() -> None:
    limit = Limit("throttle:lanes", 100, Because.ACCOUNT)
    _one(limit, 1, now=START)
    assert _one(limit, 1000, now=START + 60).granted == 45
    assert _one(limit, 3, now=START + 60, urgent=True).granted == 3


def test_in_a_small_bucket_bulk_stands_back_for_an_urgent_message_that_waits() -> None:
    limit = Limit("throttle:small", 1, Because.ACCOUNT)
    _one(limit, 0, now=START)
    assert _one(limit, 1, now=START + 10).granted == 1
    assert _one(limit, 1, now=START + 10, urgent=True).waits == pytest.approx([1.0], abs=1e-4)
    assert _one(limit, 1, now=START + 11).granted == 0
    assert _one(limit, 1, now=START + 11, urgent=True).granted == 1


@hypothesis.settings(max_examples=15)
@given(st.sampled_from([0.5, 1, 7, 40]), st.floats(0.05, 0.6), st.floats(0, 1), st.randoms(use_true_random=False))
def test_beside_a_backlog_of_bulk_urgent_messages_wait_for_each_other_alone_and_bulk_has_the_rest(
    rate: float, share: float, start: float, random: Random
) -> None:
    """Everybody comes back when told to; urgent ones arrive at random, at less than the limit."""
    _flush()
    limit, duration = Limit("throttle:mixed", rate, Because.ACCOUNT), 200 / rate
    _one(limit, 0, now=START)
    gaps = accumulate(random.expovariate(rate * share) for _ in range(int(200 * share)))
    urgent_at = [at for at in gaps if at < duration]
    coming = [(START + start + at, True, START + start + at) for at in urgent_at]
    coming += [(START + start, False, START + start)] * 400
    heapify(coming)
    served, waited, end = [], [], START + start + duration
    while coming and coming[0][0] < end:
        now, urgent, since = heappop(coming)
        if wait := _one(limit, 1, now=now, urgent=urgent).waits:
            heappush(coming, (now + wait[0], urgent, since))
        else:
            served.append(now)
            waited += [now - since] if urgent else []
    waited += [end - since for _, urgent, since in coming if urgent]
    assert _most_in_a_window(served) <= max(rate * WINDOW_S * 1.05, rate * WINDOW_S + 1)
    assert len(served) >= 0.9 * rate * duration - 1
    alone = _queue(urgent_at, rate)
    assert all(wait <= of + 1.1 / rate for wait, of in zip(sorted(waited), sorted(alone), strict=True))


def _queue(arrivals: Sequence[float], rate: float) -> list[float]:
    """How long each would wait for a server of this rate that has nobody else."""
    free, waits = 0.0, []
    for at in arrivals:
        free = max(free, at) + 1 / rate
        waits.append(free - at)
    return waits


def test_who_needs_two_tokens_takes_both_or_none() -> None:
    wide, narrow = Limit("throttle:wide", 100, Because.ACCOUNT), Limit("throttle:narrow", 2, Because.PROVIDER)
    buckets.take([Class((wide, narrow), 0, urgent=True)], now=START)
    turn = buckets.take([Class((wide, narrow), 30, urgent=True)], now=START + 60)[0]
    assert (turn.granted, turn.limit) == (1, narrow)
    assert _one(wide, 100, now=START + 60, urgent=True).granted == 49


def test_lost_buckets_start_empty() -> None:
    limit = Limit("throttle:lost", 100, Because.ACCOUNT)
    _one(limit, 0, now=START)
    assert _one(limit, 100, now=START + 60).granted == 45
    _flush()
    assert _one(limit, 100, now=START + 60).granted == 0
    assert _one(limit, 100, now=START + 60.2).granted == 15


def test_what_another_process_of_redis_kept_is_not_believed() -> None:
    """A restart from a snapshot, or a replica that took over: what went out since is in neither."""
    limit = Limit("throttle:restored", 100, Because.ACCOUNT)
    _one(limit, 0, now=START)
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.hset(buckets.EPOCH, "run", "another")
    assert _one(limit, 100, now=START + 60).granted == 0
    assert _one(limit, 100, now=START + 61).granted == 45


def test_a_bucket_nobody_used_for_long_is_full() -> None:
    _one(Limit("throttle:other", 1, Because.ACCOUNT), 1, now=START)
    assert _one(Limit("throttle:idle", 100, Because.ACCOUNT), 100, now=START + 60, urgent=True).granted == 50


def test_a_clock_set_back_gives_nothing_and_stops_nothing() -> None:
    limit = Limit("throttle:clock", 10, Because.ACCOUNT)
    _one(limit, 0, now=START)
    assert _one(limit, 5, now=START + 3600).granted == 5
    assert _one(limit, 5, now=START + 10).granted == 0
    assert _one(limit, 5, now=START + 10.5).granted == 5


_WORKER = """
import sys, time
import django; django.setup()
from delivery.throttle import Because, Limit, buckets
from delivery.throttle.buckets import Class, client
limit, end = Limit("throttle:shared", 200, Because.ACCOUNT), time.time() + float(sys.argv[1])
while time.time() < end:
    before = client().time()
    granted = buckets.take([Class((limit,), 17, urgent=bool(int(sys.argv[2])))])[0].granted
    print(before[0] + before[1] / 1e6, granted, flush=True)
    time.sleep(0.003)
"""


def test_three_processes_together_keep_the_limit() -> None:
    """One of them in a hurry. Judged by the log of what each was granted, on the clock of Redis."""
    workers = [
        subprocess.Popen([sys.executable, "-c", _WORKER, "3", str(n % 2)], stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    lines = [line.split() for worker in workers for line in worker.communicate()[0].splitlines()]
    assert all(worker.returncode == 0 for worker in workers)
    times = sorted(float(at) for at, granted in lines for _ in range(int(granted)))
    passed = times[-1] - times[0]
    # half a second's worth beyond the rate is what a bucket holds: 5 % of any ten seconds
    assert len(times) <= 200 * passed + 100 + 1
    assert len(times) >= 200 * passed * 0.5
