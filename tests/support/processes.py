"""Real processes for tests of promises: recorders of SMTP, workers, and how to kill them."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Taken:
    """What a recorder wrote down: first time each address was named, and each message it answered or was to answer."""

    named_at: dict[str, int]
    message_ids: list[str]
    recipients: list[str]


@dataclass(frozen=True)
class RecorderProcess:
    port: int
    path: Path

    def read(self) -> Taken:
        named: dict[str, int] = {}
        ids, recipients = [], []
        for line in self.path.read_text().splitlines():
            kind, at, address, *rest = line.split(" ")
            if kind == "rcpt":
                named[address] = max(int(at), named.get(address, 0))
            else:
                recipients.append(address)
                ids.append(rest[0])
        return Taken(named, ids, recipients)


@contextmanager
def recorder(folder: Path, *, delay_ms: float) -> Iterator[RecorderProcess]:
    """An SMTP server in its own process."""
    path = folder / "recorded"
    path.touch()
    script = Path(__file__).with_name("recorder.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(path), str(delay_ms)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield RecorderProcess(int(process.stdout.readline()), path)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


class Workers:
    """Processes that work a lane; `kill_one` SIGKILLs a random one and starts another in its place."""

    def __init__(self, count: int, env: Mapping[str, str], *, lane: str = "bulk") -> None:
        self._command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "send_lane", lane]
        self._env = dict(env)
        self._lock = threading.Lock()
        self._processes = [self._spawn() for _ in range(count)]
        self.kills = 0

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def kill_one(self) -> None:
        with self._lock:
            place = random.randrange(len(self._processes))
            self._processes[place].kill()
            self._processes[place].wait()
            self.kills += 1
            self._processes[place] = self._spawn()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def quick_leases(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with short leases, so that a test need not wait minutes for what a dead worker held."""
    return {
        **os.environ,
        **env,
        "SEND_BEGIN_WINDOW_S": "1.5",
        "SEND_REPLY_TIMEOUT_S": "1.5",
        "SEND_LEASE_S": "4",
    }
