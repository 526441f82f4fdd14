"""Postfix's smtp-sink and smtp-source for benches: from PATH, else unpacked from Debian's package, never installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = "postfix-tools"
_SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/sbin"]  # not on everybody's PATH
_TIMEOUT = 120


@dataclass(frozen=True)
class Tools:
    """The two programs, and the environment they run in."""

    smtp_sink: Path
    smtp_source: Path
    env: Mapping[str, str]

    def sink_command(self, port: int) -> list[str]:
        """A sink on the loopback interface; it gives up root's rights, as it insists on."""
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        return [str(self.smtp_sink), *user, f"127.0.0.1:{port}", "256"]

    def source_command(self, port: int, *, messages: int, size: int, sessions: int) -> list[str]:
        """`messages` of `size` bytes over `sessions` kept connections."""
        counts = ["-s", str(sessions), "-m", str(messages), "-l", str(size)]
        return [str(self.smtp_source), "-d", *counts, "-f", "a@b.test", "-t", "c@d.test", f"127.0.0.1:{port}"]


def find(state_dir: Path) -> Tools | None:
    """The tools on PATH or unpacked before, when they run; else None. Downloads nothing."""
    search = os.pathsep.join([os.environ.get("PATH", ""), *_SYSTEM_FOLDERS])
    sink, source = (shutil.which(name, path=search) for name in ("smtp-sink", "smtp-source"))
    if sink and source:
        return Tools(Path(sink), Path(source), dict(os.environ))
    return _unpacked(state_dir / _FOLDER)


def unpack(state_dir: Path) -> Tools | None:
    """Fetch Debian's package with apt-get and unpack it below the state folder: no root, nothing installed.

    None when this is not possible here (no apt-get, no network, another distribution).
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            return _fetch(Path(folder), state_dir / _FOLDER)
        except (OSError, subprocess.SubprocessError):
            return None


def _fetch(folder: Path, target: Path) -> Tools | None:
    apt = Apt(folder)
    apt.download(["postfix"])
    if tools := apt.unpack(target):
        return tools
    apt.download(apt.libraries())  # a slim system may lack Berkeley DB, ICU or NSL
    return apt.unpack(target)


def _unpacked(root: Path) -> Tools | None:
    folders = [root / "usr/lib/postfix", *root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu")]
    env = dict(os.environ) | {"LD_LIBRARY_PATH": os.pathsep.join(map(str, folders))}
    tools = Tools(root / "usr/sbin/smtp-sink", root / "usr/sbin/smtp-source", env)
    return tools if _runs(tools) else None


def _runs(tools: Tools) -> bool:
    """Without arguments it says how it is used; without its libraries it says nothing of the sort."""
    if not tools.smtp_sink.exists():
        return False
    shown = subprocess.run(
        [tools.smtp_sink], env=dict(tools.env), capture_output=True, text=True, timeout=10, check=False
    )
    return "usage" in shown.stderr or "-u option" in shown.stderr


class Apt:
    """Debian's package tool on a package list of its own, so that the system's is neither needed nor touched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "cache" / "archives" / "partial").mkdir(parents=True)
        self._run("apt-get", "update")

    def download(self, packages: Sequence[str]) -> None:
        self._run("apt-get", "download", *packages)

    def unpack(self, target: Path) -> Tools | None:
        for package in self._folder.glob("*.deb"):
            self._run("dpkg-deb", "-x", str(package), str(target))
        return _unpacked(target)

    def libraries(self) -> list[str]:
        lines = self._run("apt-cache", "depends", "postfix").splitlines()
        names = [line.split()[-1] for line in lines if line.strip().startswith("Depends:")]
        return [name for name in names if name.startswith("lib") and name != "libc6"]

    def _run(self, program: str, *arguments: str) -> str:
        places = {"Dir::State::lists": "lists", "Dir::Cache": "cache"}
        own = [f"-o{key}={self._folder / name}" for key, name in places.items()] if program.startswith("apt") else []
        command = [program, *own, *(["-oDebug::NoLocking=1"] if own else []), *arguments]
        return subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, timeout=_TIMEOUT, check=True
        ).stdout
