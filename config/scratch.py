"""A deployment of its own for a check or a bench: a new database on the same server, a Redis and folders of its own.

Nothing of it is shared with the deployment it is started from, and nothing stays behind.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from psycopg import sql

from config import services
from config.lib import embedded
from config.lib.bench import Kept


def rerun(arguments: Sequence[str], kept: Kept | None = None) -> int:
    """Run `manage.py <arguments>` in a scratch deployment; its exit code."""
    with deployment(kept) as env:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        migrated = subprocess.run([*command, "migrate", "--verbosity=0"], env=env, check=False)
        return migrated.returncode or subprocess.run([*command, *arguments], env=env, check=False).returncode


@contextmanager
def deployment(kept: Kept | None = None) -> Iterator[dict[str, str]]:
    """The environment of an empty scratch deployment, removed afterwards; a `kept` database stays.

    Raises psycopg.errors.InsufficientPrivilege when the owner role may not create databases.
    """
    services.ensure()
    name = kept.name if kept else f"postrider_scratch_{os.getpid()}"
    app, owner = _url("DATABASE_URL", "postrider_app"), _url("DATABASE_OWNER_URL", "postrider_owner")
    # Unix sockets need a short path, and the server's user must get through it
    state = Path(tempfile.mkdtemp(prefix="postrider-"))
    state.chmod(0o711)
    with psycopg.connect(owner, autocommit=True) as connection:
        _make(connection, name, kept.mark if kept else "")
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
            if not kept:
                _drop(connection, name)
            shutil.rmtree(state, ignore_errors=True)


def _make(connection: "psycopg.Connection[Any]", name: str, mark: str) -> None:
    """The database, empty, or as it stands when it bears the mark. Two that want the same one come one by one."""
    connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
    marked = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    if (found := connection.execute(marked, [name]).fetchone()) and mark and found == (mark,):
        return
    _drop(connection, name)
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _drop(connection: "psycopg.Connection[Any]", name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for pause in (0.5, 1, 2, 4, 8, 16, 32):
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:  # an autovacuum worker is in it, which only a superuser may end
            time.sleep(pause)
        else:
            return
    connection.execute(statement)


def _url(variable: str, role: str) -> str:
    return os.environ.get(variable) or embedded.database_url(settings.STATE_DIR, role)
