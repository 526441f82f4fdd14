"""How the buckets stand: for pages, and for machines that watch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delivery.throttle.buckets import BUSY, RAISED, WAITS
from delivery.throttle.connection import client


@dataclass(frozen=True, slots=True)
class Level:
    """A bucket that made somebody wait within the last hour. `line_s`: when who comes now would have its turn."""

    bucket: str
    rate_per_second: float
    tokens: float
    line_s: float


def levels(*, most: int = 100) -> list[Level]:
    """The buckets that made somebody wait lately, the latest first. Raises RedisError."""
    redis = client()
    found: Any = redis.zrevrange(BUSY, 0, most - 1)
    names = [name.decode() for name in found]
    seconds, micros = redis.time()
    with redis.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hmget(name, "tokens", "at", "rate", "line")
        kept = pipeline.execute()
    return [
        _level(name, values, seconds + micros / 1e6) for name, values in zip(names, kept, strict=True) if all(values)
    ]


def _level(name: str, values: list[bytes], now: float) -> Level:
    tokens, at, rate, line = map(float, values)
    filled = min(max(1, rate / 2), tokens + rate * max(0, now - at))
    return Level(name.removeprefix("throttle:"), rate, filled, max(line - now, 0))


def take_raised() -> set[str]:
    """The buckets that were used at a higher rate than before since this was last asked. Raises RedisError."""
    with client().pipeline() as pipeline:
        pipeline.smembers(RAISED)
        pipeline.delete(RAISED)
        found: Any = pipeline.execute()[0]
    return {name.decode().removeprefix("throttle:") for name in found}


def forget_level(bucket: str) -> None:
    """Nobody waits for it any more. Raises RedisError."""
    client().zrem(BUSY, f"throttle:{bucket}")


def waits() -> Mapping[str, int]:
    """How often a message was told to wait, by reason, since Redis began: a counter. Raises RedisError."""
    found: Any = client().hgetall(WAITS)
    return {reason.decode(): int(count) for reason, count in found.items()}
