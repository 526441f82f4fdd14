"""An embedded Redis: a doorbell that keeps nothing on disk."""

import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from config.lib.embedded import binaries
from config.lib.embedded.places import ServiceError, let_go, locked, make_folder, socket_dir, starting, wait_until_gone


def broker_url(url: str) -> str:
    """The same Redis as Celery names it: `redis+socket://` for a Unix socket."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"


@dataclass(frozen=True)
class Redis:
    """A server in the folder `home`."""

    home: Path

    def url(self, database: int = 0) -> str:
        """The address as redis-py and Django's cache read it."""
        return f"unix://{self._socket}?db={database}"

    def running(self) -> bool:
        """Whether it answers."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def ensure(self) -> bool:
        """Start it unless it runs; return when it answers: whether it was we who started it.

        Raises ServiceError with the remedy.
        """
        if self.running():
            return False
        with starting("Redis", self.home):
            make_folder(socket_dir(self.home))
            if self.running():
                return False
            self._launch()
            return True

    def stop(self, *, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it and wait until it is gone."""
        if not self.home.exists():
            return
        with locked(self.home):
            server = self._server()
            if server:
                server.send_signal(how)
                wait_until_gone(server, 30)

    def remove(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        for folder in (self.home, socket_dir(self.home)):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _socket(self) -> Path:
        return socket_dir(self.home) / "redis.sock"

    def _server(self) -> psutil.Process | None:
        try:
            found = psutil.Process(int((self.home / "pid").read_text()))
            return found if any(str(self._socket) in part for part in found.cmdline()) else None
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None

    def _launch(self) -> None:
        log = self.home / "log"
        # fmt: off
        command = [
            binaries.redis(), "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700",
            "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--dir", str(self.home),
        ]
        # fmt: on
        with log.open("wb") as output:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        (self.home / "pid").write_text(str(child.pid))
        deadline = time.monotonic() + 30
        while not self.running():
            if child.poll() is not None or time.monotonic() > deadline:
                words = (log.read_text(errors="replace").strip().splitlines() or ["it left no log"])[-1]
                raise ServiceError(f"Redis does not start: {words} (see {log})")
            time.sleep(0.01)
        let_go(child)
