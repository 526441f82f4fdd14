"""Benches: one class each, named in settings.BENCHES, run by `manage.py bench <kind>`."""

import resource
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

Say = Callable[[str], object]


class Bench(ABC):
    """One bench. It runs in a scratch deployment, so it may fill and break what it likes."""

    kind: ClassVar[str]

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Options of this bench, for argparse."""
        return

    @abstractmethod
    def run(self, options: dict[str, Any], say: Say) -> dict[str, Any]:
        """Measure, telling stages with `say`. The figures become the one JSON line that is printed last."""


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - began


def peak_rss_mb() -> int:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def rss_mb(pid: int) -> int:
    """The memory that a process holds now; 0 when it has just ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize() // 2**20
