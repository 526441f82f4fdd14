"""A deployment for each fault, with a database server of its own that may be stopped, killed and filled."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from config.lib import embedded

# A dead worker's messages are taken up after seconds instead of minutes; the ratios are those of the settings.
LEASES = {"SEND_BEGIN_WINDOW_S": "2", "SEND_REPLY_TIMEOUT_S": "4", "SEND_LEASE_S": "8"}
_NONE = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_URL": ""}  # embedded ones, of the state folder


@contextmanager
def migrated() -> Iterator[Path]:
    """The state folder of a deployment without data, stopped: what each fault's own is copied from."""
    with _folder() as state:
        env = environment(state, {})
        try:
            _manage("services", "start", env=env)
            _manage("migrate", "--verbosity=0", env=env)
        finally:
            embedded.stop(state)
        yield state


@contextmanager
def deployment(like: Path, extra: Mapping[str, str], *, disk_mb: int | None = None) -> Iterator[dict[str, str]]:
    """The environment of a copy, removed afterwards. `disk_mb`: its database on a file system of this size."""
    with _folder() as state, _disk(state / "postgres", disk_mb):
        subprocess.run(["cp", "-a", f"{like}/.", str(state)], check=True)
        try:
            yield environment(state, extra)
        finally:
            embedded.stop(state)


def environment(state: Path, extra: Mapping[str, str]) -> dict[str, str]:
    own = {
        "BASE_URL": "https://faults.example",
        "POSTRIDER_STATE": str(state),
        "POSTRIDER_TOOLS": str(settings.STATE_DIR),
        "LOG_LEVEL": "WARNING",
    }
    return {**os.environ, **_NONE, **own, **LEASES, **extra}


def may_mount() -> bool:
    """Whether we may make a small file system: root, with the right to mount."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", folder], check=False).returncode == 0


def _manage(*arguments: str, env: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
        env=dict(env), check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    # Unix sockets need a short path, and the server's user must get through it
    folder = Path(tempfile.mkdtemp(prefix="postrider-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk(folder: Path, disk_mb: int | None) -> Iterator[None]:
    if disk_mb is None:
        yield
        return
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk_mb}m,mode=711", "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
