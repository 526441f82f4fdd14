"""Child processes under one roof: started together, restarted when they die, their lines prefixed, stopped together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

_STEADY = 30.0  # seconds after which a process counts as started well: its next restart is quick again
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Program:
    """A command to keep running. `files`: descriptors of ours that it finds open under the same numbers."""

    name: str
    command: Sequence[str]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[int] = ()


def to_stdout(name: str, line: str) -> None:
    """Where lines go when nothing else is asked for."""
    print(f"{name:<13} │ {line}", file=sys.stdout, flush=True)


class Supervisor:
    """Keeps programs running between `start` and `stop`; a context manager over both.

    Each program leads a process group of its own, so that Ctrl-C reaches only us and none of its children outlives it.
    `say(name, line)` gets every line of output; `grace` is how many seconds a program has to end after SIGTERM.
    """

    def __init__(
        self, programs: Sequence[Program], *, say: Callable[[str, str], None] = to_stdout, grace: float = 30.0
    ) -> None:
        self.programs = programs
        self.restarts = 0
        self._say = say
        self._grace = grace
        self._stopping = threading.Event()
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._keep, args=[program], daemon=True) for program in programs]

    def __enter__(self) -> "Supervisor":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start every program; returns at once."""
        for thread in self._threads:
            thread.start()

    def pids(self) -> dict[str, int]:
        """The pid of each program that runs now, by name."""
        with self._lock:
            return {name: child.pid for name, child in self._children.items() if child.poll() is None}

    def stop(self) -> None:
        """SIGTERM to every program, SIGKILL to the groups that are left after the grace; returns when all are gone.

        Its children are a program's own to end: Celery's would die of a SIGTERM in the middle of a message.
        """
        with self._lock:
            self._stopping.set()
            for child in self._children.values():
                child.terminate()
        deadline = time.monotonic() + self._grace
        try:
            for thread in self._threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        finally:  # also when a second Ctrl-C cuts the grace short
            for child in self._children.values():
                _signal_group(child, signal.SIGKILL)
            for thread in self._threads:
                thread.join(5)

    def _keep(self, program: Program) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            begun = time.monotonic()
            ending = self._run_once(program)
            if self._stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - begun > _STEADY else min(pause * 2, _LONGEST_PAUSE)
            self.restarts += 1
            self._say(program.name, f"ended ({ending}); starting it again in {pause:.0f} s")
            self._stopping.wait(pause)

    def _run_once(self, program: Program) -> str:
        """Start it, pass on its lines and wait for its end; returns how it ended."""
        try:
            child = self._spawn(program)
        except OSError as error:
            return str(error)
        if child is None:
            return "not started"
        reader = threading.Thread(target=self._read, args=[program.name, child], daemon=True)
        reader.start()
        code = child.wait()
        _signal_group(child, signal.SIGKILL)  # what it has left behind must not go on beside its successor
        reader.join(2)
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def _spawn(self, program: Program) -> "subprocess.Popen[str] | None":
        with self._lock:
            if self._stopping.is_set():
                return None
            self._children[program.name] = subprocess.Popen(
                program.command,
                cwd=program.cwd,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **program.env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                pass_fds=program.files,
            )
            return self._children[program.name]

    def _read(self, name: str, child: "subprocess.Popen[str]") -> None:
        if child.stdout:
            with child.stdout as lines:
                for line in lines:
                    if line.strip():
                        self._say(name, line.rstrip())


def _signal_group(child: "subprocess.Popen[str]", what: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, what)
