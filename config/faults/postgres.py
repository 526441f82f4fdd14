"""The database goes away, comes back, cuts connections or has no room left."""

import os
import random
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.db import connection

from config.faults import deployments
from config.faults.base import Fault
from config.faults.stage import Stage
from config.faults.sums import Sums

_TIMES = 3


class _Restarted(Fault):
    people = 6_000
    delay_ms = 15
    how: signal.Signals

    def disturb(self, stage: Stage) -> dict[str, Any]:
        done, longest = 0, 0.0
        while done < _TIMES and not stage.over():
            before = stage.sent()
            connection.close()
            stage.postgres.stop(how=self.how)
            stage.postgres.ensure()
            done += 1
            longest = max(longest, stage.goes_on(before))
            time.sleep(random.uniform(0, 1))  # noqa: S311 - when is nobody's secret
        return {"restarts": done, "resumed_within_s": round(longest, 1)}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if told["restarts"] == _TIMES else ("the campaign was over too early",)


class RestartedFast(_Restarted):
    """Postgres is restarted three times while sending (fast: it rolls back and ends)"""

    kind = "postgres-fast"
    how = signal.SIGINT


class RestartedImmediately(_Restarted):
    """Postgres is killed three times while sending (immediate: it recovers from its log)"""

    kind = "postgres-immediate"
    how = signal.SIGQUIT


class Cut(Fault):
    """All connections to the database are cut, twenty times"""

    kind = "connections-cut"
    people = 6_000
    delay_ms = 15

    def disturb(self, stage: Stage) -> dict[str, Any]:
        cut = times = 0
        while times < 20 and not stage.over():
            time.sleep(random.uniform(0.1, 0.6))  # noqa: S311
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND usename = current_user AND backend_type = 'client backend'"
                )
                cut, times = cut + cursor.fetchone()[0], times + 1
        return {"times": times, "connections": cut}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if told["times"] == 20 else ("the campaign was over too early",)


class DiskFull(Fault):
    """The disk of Postgres is full for ten seconds, twice; then there is room again"""

    kind = "disk-full"
    people = 6_000
    delay_ms = 15
    disk_mb = 700

    @classmethod
    def unavailable(cls) -> str:
        return "" if deployments.may_mount() else "it needs root, to mount a small file system for Postgres"

    def disturb(self, stage: Stage) -> dict[str, Any]:
        errors = stage.postgres.log.read_bytes().count(b"No space left on device")
        for _ in range(2):
            ballast = stage.postgres.home / "ballast"
            _fill(ballast)
            time.sleep(10)
            ballast.unlink()
            connection.close()
            stage.postgres.ensure()
            stage.goes_on()
        return {"refusals": stage.postgres.log.read_bytes().count(b"No space left on device") - errors}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if told["refusals"] else ("Postgres never met a full disk: that was no fault",)


def _fill(path: "os.PathLike[str]") -> None:
    """Until nothing more goes in; what others free meanwhile is taken too, for a second."""
    until = time.monotonic() + 1
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for block in (b"\0" * 2**20, b"\0" * 4096):
            with suppress(OSError):
                while os.write(descriptor, block):
                    pass
        while time.monotonic() < until:
            with suppress(OSError):
                os.write(descriptor, b"\0" * 4096)
            time.sleep(0.01)
    finally:
        os.close(descriptor)
