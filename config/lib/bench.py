"""Benches: one class each, named in settings.BENCHES, run by `manage.py bench <kind>`."""

import resource
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

Say = Callable[[str], object]


@dataclass(frozen=True)
class Kept:
    """A database that stays between runs of a bench; it is begun anew when it was filled under another `mark`."""

    name: str
    mark: str


class Bench(ABC):
    """One bench. It runs in a scratch deployment, so it may fill and break what it likes."""

    kind: ClassVar[str]

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Options of this bench, for argparse."""
        return

    @classmethod
    def kept(cls, options: dict[str, Any]) -> Kept | None:
        """The database that it fills once and keeps; most run in one that is gone afterwards."""
        return None

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
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    # not ru_maxrss, which Linux carries over from the process that started this one (fs/exec.c, setmax_mm_hiwater_rss)
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def rss_mb(pid: int) -> int:
    """The memory that a process holds now; 0 when it has just ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize() // 2**20


@contextmanager
def serving(
    command: Callable[[int], Sequence[str]], *, env: Mapping[str, str], cwd: Path | None = None
) -> Iterator[int]:
    """The program that `command` makes for a free port, until the end of the block; its port.

    Raises RuntimeError when it does not answer within half a minute.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(command(port), cwd=cwd, env=dict(env)) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers on port {port}")
