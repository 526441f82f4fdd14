"""The real site with demo data, in processes of its own, for a browser to look at."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from config.lib import embedded
from tests.databases import free_port
from tests.support.waiting import PATIENCE_S

_READY = re.compile(r"Postrider is at (\S+?)/?\s+name: (\S+)\s+password: (\S+)")


@dataclass(frozen=True)
class Site:
    """Where it answers, who may sign in, and the folder of its local mailbox."""

    origin: str
    name: str
    password: str
    mailbox: Path


@contextmanager
def demo_site(env: Mapping[str, str], *, contacts: int = 300) -> Iterator[Site]:
    """`manage.py demo` on the database that `env` names, with a Redis and a mailbox of its own."""
    # Unix sockets need a short path, and the server's user must get through it
    state = Path(tempfile.mkdtemp(prefix="postrider-"))
    state.chmod(0o711)
    own = {"POSTRIDER_STATE": str(state), "REDIS_URL": "", "POSTRIDER_TOOLS": str(settings.STATE_DIR)}
    command = [sys.executable, "manage.py", "demo", f"--contacts={contacts}", f"--port={free_port()}"]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env={**os.environ, **env, **own}, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield _wait(process, state / "mailbox")
    finally:
        process.terminate()  # not SIGINT, which is ignored by what was begun in the background
        process.communicate(timeout=PATIENCE_S)
        embedded.redis(state).stop()
        shutil.rmtree(state, ignore_errors=True)


def _wait(process: "subprocess.Popen[str]", mailbox: Path) -> Site:
    """Until it says that it is there. Raises AssertionError with what it said when it ends instead."""
    said = []
    assert process.stdout
    for line in process.stdout:
        said.append(line)
        if found := _READY.search(line):
            return Site(found[1].removesuffix("/admin"), found[2], found[3], mailbox)
    raise AssertionError("".join(said))
