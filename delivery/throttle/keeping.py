"""What a process remembers for a moment."""

import time
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """What was read, by key, for so many seconds and at most so many keys."""

    def __init__(self, seconds: float, *, most: int = 1000) -> None:
        self._seconds = seconds
        self._most = most
        self._kept: dict[K, tuple[float, V]] = {}

    def get(self, key: K, read: Callable[[K], V]) -> V:
        kept = self._kept.get(key)
        if kept is None or kept[0] < time.monotonic():
            return self.put(key, read(key))
        return kept[1]

    def among(self, keys: Iterable[K]) -> dict[K, V]:
        """What is remembered of these."""
        now = time.monotonic()
        return {key: kept[1] for key in keys if (kept := self._kept.get(key)) and kept[0] >= now}

    def put(self, key: K, value: V) -> V:
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[key] = (time.monotonic() + self._seconds, value)
        return value

    def forget(self) -> None:
        self._kept.clear()


class Spell:
    """A stretch of time that has been begun, and perhaps prolonged."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def lasts(self) -> bool:
        return time.monotonic() < self._until

    def prolong(self, seconds: float) -> None:
        self._until = max(self._until, time.monotonic() + seconds)

    def end(self) -> None:
        self._until = 0.0
