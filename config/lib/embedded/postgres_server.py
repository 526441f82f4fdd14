"""An embedded Postgres: initdb, start, wait out recovery, stop. Binaries from the wheel, never its server manager."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from psycopg import pq

from config.lib.embedded import binaries, tuning
from config.lib.embedded.places import (
    Account,
    ServiceError,
    account,
    let_go,
    locked,
    make_folder,
    socket_dir,
    starting,
    wait_until_gone,
)

_PORT = 5432  # of a socket in a private folder: it meets no other server
_SILENCE = 60.0  # seconds a started server may take to open its socket
_TELL_EVERY = 5.0
_LONGEST_LOG = 10 * 1024**2
_ROLES = """\
CREATE ROLE postrider_owner LOGIN CREATEDB
CREATE ROLE postrider_app LOGIN
CREATE DATABASE postrider OWNER postrider_owner
"""


@dataclass(frozen=True)
class Postgres:
    """A cluster in the folder `home`. `durable=False` gives up crash safety for speed (tests)."""

    home: Path
    durable: bool = True

    def url(self, role: str, database: str = "postrider") -> str:
        """A libpq address; also what django-environ reads."""
        return f"postgres://{role}@/{database}?host={quote(str(socket_dir(self.home)))}&port={_PORT}"

    def running(self) -> bool:
        """Whether it answers queries."""
        return self._ping() == pq.Ping.OK

    def ensure(self) -> bool:
        """Start it unless it runs; return when it answers: whether it was we who started it.

        Raises ServiceError with the remedy.
        """
        if self.running():
            return False
        with starting("Postgres", self.home, mode=0o711):
            make_folder(socket_dir(self.home), self._account)
            if not self._data.exists():
                self._create()
            return self._start()

    def stop(self, *, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it (SIGINT: roll back and end; SIGQUIT: at once, as in a crash) and wait until it is gone."""
        if not self.home.exists():
            return
        with locked(self.home):
            server = self._server()
            if server is None:
                return
            server.send_signal(how)
            try:
                wait_until_gone(server, 60)
            except psutil.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                wait_until_gone(server, 30)

    def remove(self) -> None:
        """Stop it and remove all its data."""
        self.stop()
        for folder in (self.home, socket_dir(self.home)):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.home / "log"

    @property
    def _data(self) -> Path:
        return self.home / "data"

    @cached_property
    def _account(self) -> Account | None:
        return account()

    def _ping(self) -> pq.Ping:
        return pq.Ping(pq.PGconn.ping(self.url("postgres", "postgres").encode()))

    # --- starting

    def _start(self) -> bool:
        child: subprocess.Popen[bytes] | None = None
        begun = told = heard = time.monotonic()
        said = 0  # bytes that the log had when it was launched
        while (state := self._ping()) != pq.Ping.OK:
            now = time.monotonic()
            if state == pq.Ping.REJECT:  # it recovers from a crash, or is on its way down: however long that takes
                heard = now
            elif not self._alive(child):
                if child:
                    raise ServiceError(f"Postgres does not start: {_cause(self._log_since(said))} (see {self.log})")
                said = self._rotate_log()
                child = self._launch()
            elif now - heard > _SILENCE:
                raise ServiceError(f"Postgres has opened no socket for {_SILENCE:.0f} s: see {self.log}")
            if now - told >= _TELL_EVERY:
                print(f"Postgres is starting up, {now - begun:.0f} s so far …", file=sys.stderr, flush=True)
                told = now
            time.sleep(0.02)
        if child:
            let_go(child)
        return child is not None

    def _alive(self, child: "subprocess.Popen[bytes] | None") -> bool:
        return child.poll() is None if child else self._server() is not None

    def _server(self) -> psutil.Process | None:
        """The postmaster of this cluster, by its pid file; None when the file is stale or absent."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            found = psutil.Process(pid)
            ours = str(self._data) in found.cmdline() and found.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return found if ours else None

    def _launch(self) -> "subprocess.Popen[bytes]":
        self._clear_after_crash()
        config = self.home / "postgresql.conf"
        config.write_text(tuning.configuration(socket_dir(self.home), durable=self.durable))
        config.chmod(0o644)
        options = ["-D", str(self._data), "-p", str(_PORT), "-c", f"config_file={config}"]
        with self.log.open("ab") as log:
            return self._run("postgres", *options, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _clear_after_crash(self) -> None:
        """Once no process of the old server is left, its pid may belong to a stranger, who would be taken for it."""
        orphans = [process for process in psutil.process_iter() if self._works_here(process)]
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess):  # it ended by itself just now
                orphan.send_signal(signal.SIGQUIT)
        if psutil.wait_procs(orphans, timeout=30)[1]:
            raise ServiceError(f"Processes of a killed Postgres still run: see `fuser {self._data}`")
        for leftover in (self._data / "postmaster.pid", socket_dir(self.home) / f".s.PGSQL.{_PORT}.lock"):
            leftover.unlink(missing_ok=True)

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return bool(process.cwd() == str(self._data))
        except psutil.Error:
            return False

    def _rotate_log(self) -> int:
        """Begin a new log when the old one is long; returns how many bytes it has."""
        size = self.log.stat().st_size if self.log.exists() else 0
        if size < _LONGEST_LOG:
            return size
        self.log.replace(self.log.with_suffix(".old"))
        return 0

    def _log_since(self, offset: int) -> str:
        return self.log.read_bytes()[offset:].decode(errors="replace") if self.log.exists() else ""

    # --- creating

    def _create(self) -> None:
        """A new cluster, complete or not there at all: it is made beside its place and renamed."""
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, self._account)
        options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        self._finish("initdb", "-D", str(draft), "-U", "postgres", *options, *sync)
        # A server of its own, without a socket, reading one statement a line
        self._finish("postgres", "--single", "-D", str(draft), "postgres", given=_ROLES)
        draft.rename(self._data)

    def _finish(self, program: str, *arguments: str, given: str = "") -> None:
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with self._run(program, *arguments, **streams) as child:
            output = child.communicate(given.encode())[0].decode(errors="replace")
        if child.returncode != 0 or "ERROR:" in output:
            raise ServiceError(f"Cannot set up Postgres in {self.home}: {_cause(output)}")

    def _run(self, program: str, *arguments: str, **streams: Any) -> "subprocess.Popen[bytes]":
        """A program of Postgres, as the unprivileged user when we are root, in a session of its own."""
        who: dict[str, Any] = {}
        if self._account:
            who = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        command = [str(binaries.postgres(self._account) / program), *arguments]
        env = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.home)}
        return subprocess.Popen(command, cwd=self.home, env=env, start_new_session=True, **who, **streams)


def _cause(output: str) -> str:
    """The line that tells why: the first grave one, since the later ones follow from it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    grave = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return next(iter(grave or lines[-1:]), "it said nothing")
