"""Where the time of the recipe goes: a clock per stage, read by `bench send`. Costs 1 us a stage and group."""

import time
from collections import defaultdict
from types import TracebackType


class _Stage:
    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self._seconds = seconds
        self._name = name

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seconds[self._name] += time.perf_counter() - self._begun


seconds: dict[str, float] = defaultdict(float)


def stage(name: str) -> _Stage:
    """Adds the time spent in the block to this stage of this process."""
    return _Stage(seconds, name)
