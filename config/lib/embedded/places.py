"""Where the services of a checkout live, and as whom they run."""

import fcntl
import hashlib
import os
import pwd
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

# A Unix socket's path is cut at 108 bytes on Linux, 104 on macOS; `.s.PGSQL.5432.lock` must fit beside it too.
_LONGEST_SOCKET_PATH = 100


class ServiceError(RuntimeError):
    """A service cannot be started; the message is one line with the remedy."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that Postgres runs as when we are root: it refuses to run as root."""

    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """Whether this user can reach what is inside the folder: every part of the path lets it through."""
        return all(self._passes(part) for part in [folder, *folder.parents] if part.exists())

    def _passes(self, folder: Path) -> bool:
        info = folder.stat()
        if info.st_uid == self.uid:
            return bool(info.st_mode & stat.S_IXUSR)
        if info.st_gid == self.gid:
            return bool(info.st_mode & stat.S_IXGRP)
        return bool(info.st_mode & stat.S_IXOTH)


def account() -> Account | None:
    """Whom to run Postgres as; None is whoever we are."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ServiceError("Postgres does not run as root and there is no user `nobody`: use another user") from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def state_dir(base_dir: Path) -> Path:
    """The folder for what a checkout keeps: `.services` in it, else (root, in a private folder) one in /var/tmp.

    Touches nothing. Raises ServiceError when somebody else owns the folder in /var/tmp.
    """
    unprivileged = account()
    if unprivileged is None or unprivileged.may_enter(base_dir):
        return base_dir / ".services"
    return _ours(Path("/var/tmp") / f"postrider-{digest(base_dir)}")  # noqa: S108 (its owner is checked)


def socket_dir(home: Path) -> Path:
    """A folder for the Unix socket of a service: in its home, or a short one in /tmp when that path is too long."""
    inside = home / "run"
    if len(os.fsencode(inside / ".s.PGSQL.5432.lock")) <= _LONGEST_SOCKET_PATH:
        return inside
    return Path("/tmp") / f"postrider-{digest(home)}"  # noqa: S108 (its owner is checked)


def make_folder(folder: Path, owner: Account | None = None, *, mode: int = 0o700) -> None:
    """Make a folder of ours with exactly this mode and owner, whatever the umask is."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = owner.uid if owner else os.geteuid()
    _ours(folder, wanted)
    if owner and folder.stat().st_uid != wanted:
        os.chown(folder, owner.uid, owner.gid)
    if stat.S_IMODE(folder.stat().st_mode) != mode:
        folder.chmod(mode)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the service that lives here."""
    with (home / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def starting(name: str, home: Path, *, mode: int = 0o700) -> Iterator[None]:
    """Under the lock of a home that is made if need be. A full disk, a file in the way: ServiceError in one line."""
    try:
        make_folder(home, mode=mode)
        with locked(home):
            yield
    except OSError as error:
        raise ServiceError(f"Cannot start {name} in {home}: {error.strerror or error}") from error


def let_go(child: "subprocess.Popen[bytes]") -> None:
    """A service outlives its starter: keep Popen from warning that it still runs when we end."""
    child.returncode = 0


def wait_until_gone(process: psutil.Process, seconds: float) -> None:
    """Wait for the end of a process. Whoever else started it and lives on keeps it as a zombie: that is gone, too.

    Raises psutil.TimeoutExpired.
    """
    deadline = time.monotonic() + seconds
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise psutil.TimeoutExpired(seconds, process.pid)
            time.sleep(0.02)
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def _ours(folder: Path, *others: int) -> Path:
    """Names in /tmp can be guessed: one that another user made before us must not be trusted."""
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in (os.geteuid(), *others)):
        raise ServiceError(f"{folder} belongs to somebody else: remove it")
    return folder
