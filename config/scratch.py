"""A deployment of its own for a check or a bench: a new database on the same server, a Redis and folders of its own.

Nothing of it is shared with the deployment it is started from, and nothing stays behind.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from psycopg import sql

from config import services
from config.lib import embedded


def rerun(arguments: Sequence[str]) -> int:
    """Run `manage.py <arguments>` in a scratch deployment; its exit code."""
    with deployment() as env:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        migrated = subprocess.run([*command, "migrate", "--verbosity=0"], env=env, check=False)
        return migrated.returncode or subprocess.run([*command, *arguments], env=env, check=False).returncode


@contextmanager
def deployment() -> Iterator[dict[str, str]]:
    """The environment of an empty scratch deployment, removed afterwards.

    Raises psycopg.errors.InsufficientPrivilege when the owner role may not create databases.
    """
    services.ensure()
    name = f"postrider_scratch_{os.getpid()}"
    app, owner = _url("DATABASE_URL", "postrider_app"), _url("DATABASE_OWNER_URL", "postrider_owner")
    # Unix sockets need a short path, and the server's user must get through it
    state = Path(tempfile.mkdtemp(prefix="postrider-"))
    state.chmod(0o711)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield {
                **os.environ,
                "DATABASE_URL": urlsplit(app)._replace(path=f"/{name}").geturl(),
                "DATABASE_OWNER_URL": urlsplit(owner)._replace(path=f"/{name}").geturl(),
                "REDIS_URL": "",
                "POSTRIDER_STATE": str(state),
                "POSTRIDER_TOOLS": str(settings.STATE_DIR),  # what was unpacked once is used by all
            }
        finally:
            embedded.redis(state).stop()
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            shutil.rmtree(state, ignore_errors=True)


def _url(variable: str, role: str) -> str:
    return os.environ.get(variable) or embedded.database_url(settings.STATE_DIR, role)
