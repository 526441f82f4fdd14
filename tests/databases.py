"""Databases for tests: a template built once for each state of the migrations, cloned for each session.

With no DATABASE_URL the server is an embedded one of its own, in memory and without fsync, apart from the demo's.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from config.lib import embedded, secrets_file
from config.lib.embedded.places import make_folder

BASE_DIR = Path(__file__).resolve().parent.parent
_ROOM = 2 * 1024**3
_GIVEN = ("TESTS_DATABASE_URL", "TESTS_DATABASE_OWNER_URL")
_LOCK = 0x7E57  # advisory lock of the maintenance database: one builder at a time
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:4]  # pids mean nothing on another machine


@cache
def volatile_dir() -> Path:
    """Where test servers live: in memory when there is room, else in the state folder."""
    digest = hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:12]
    memory = Path("/dev/shm") / f"postrider-{digest}"
    roomy = memory.exists() or (memory.parent.is_dir() and shutil.disk_usage(memory.parent).free > _ROOM)
    folder = memory if roomy and os.access(memory.parent, os.W_OK) else embedded.state_dir(BASE_DIR) / "tests"
    make_folder(folder, mode=0o711)
    (folder / "checkout").write_text(str(BASE_DIR))
    return folder


@contextmanager
def in_use() -> Iterator[None]:
    """While any session lasts the server stays; the last one to leave stops it. Its data stay for the next."""
    with (volatile_dir() / "sessions").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            server().stop()


def server() -> embedded.Postgres:
    """The embedded server that all test sessions of this checkout share."""
    return embedded.Postgres(volatile_dir() / "postgres", durable=False)


def free_port() -> int:
    """One for a test alone: those that the product prefers are what all others on this machine try, too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def session_environment() -> dict[str, str]:
    """The environment of this session: its own database, Redis, folders, port for mail and secrets.

    Workers of a session that is shared out inherit its environment: they are told which server was given.
    """
    state = volatile_dir() / f"session-{os.getpid()}"
    make_folder(state, mode=0o711)
    given = dict(zip(_GIVEN, _given() or ("", ""), strict=True))
    own = {"POSTRIDER_STATE": str(state), "REDIS_URL": "", "MAILBOX_PORT": str(free_port())}
    return {**given, **urls(session_database()), **own, **secrets_file.generate()}


@cache
def _given() -> tuple[str, str] | None:
    """(application, owner) addresses from the environment, as they were before any session changed them."""
    names = _GIVEN if all(name in os.environ for name in _GIVEN) else ("DATABASE_URL", "DATABASE_OWNER_URL")
    app, owner = (os.environ.get(name, "") for name in names)
    return (app, owner) if app and owner else None


def urls(database: str) -> dict[str, str]:
    """DATABASE_URL and DATABASE_OWNER_URL of a database on the test server."""
    app, owner = _given() or (server().url("postrider_app"), server().url("postrider_owner"))
    return {
        "DATABASE_URL": urlsplit(app)._replace(path=f"/{database}").geturl(),
        "DATABASE_OWNER_URL": urlsplit(owner)._replace(path=f"/{database}").geturl(),
    }


@cache
def session_database() -> str:
    return f"test_{_HOST}_{migrations_digest()}_{os.getpid()}"


def template_database() -> str:
    return f"template_{migrations_digest()}"


@cache
def migrations_digest() -> str:
    """What the template is made of: every migration and the operations they use."""
    files = [*sorted(BASE_DIR.glob("*/migrations/*.py")), BASE_DIR / "config" / "lib" / "append_only.py"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


@contextmanager
def maintenance() -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection of the owner to the server's own database, to make and drop databases through."""
    if _given():
        address = _given()[1]  # type: ignore[index]
    else:
        server().ensure()
        address = server().url("postrider_owner")
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


def clone(name: str) -> None:
    """A fresh copy of the template under this name."""
    strategy = sql.SQL("" if _given() else "STRATEGY FILE_COPY")
    make = sql.SQL("CREATE DATABASE {} TEMPLATE {} {}")
    with maintenance() as connection:
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(template_database()), strategy))


def drop(name: str) -> None:
    """Drop a database with whoever is still connected to it."""
    with maintenance() as connection:
        _drop(connection, name)


def _drop(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        connection.execute(statement + sql.SQL(" WITH (FORCE)"))
    except psycopg.errors.InsufficientPrivilege:  # autovacuum is in it: only without FORCE it is asked to leave
        connection.execute(statement)


def make_session_database(migrate: Callable[[str], None]) -> None:
    """Clone the template for this session; `migrate` a draft of it first when the migrations have changed.

    All under one lock, so that nobody sweeps the template away between the two.
    """
    with maintenance() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        _sweep(connection)
        if not _exists(connection, template_database()):
            _build(connection, migrate)
        clone(session_database())


def _build(connection: "psycopg.Connection[tuple[object, ...]]", migrate: Callable[[str], None]) -> None:
    draft = f"draft_{template_database()}"
    drop(draft)
    names = {"draft": sql.Identifier(draft), "template": sql.Identifier(template_database())}
    connection.execute(sql.SQL("CREATE DATABASE {draft}").format(**names))
    migrate(draft)
    connection.execute(sql.SQL("ALTER DATABASE {draft} RENAME TO {template}").format(**names))
    connection.execute(sql.SQL("ALTER DATABASE {template} ALLOW_CONNECTIONS false").format(**names))


def _exists(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _sweep(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Drop what dead sessions of this machine left, and templates of migrations that nobody runs any more."""
    rows = connection.execute(
        "SELECT datname FROM pg_database WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
    )
    names = [str(row[0]) for row in rows]
    dead = [name for name in names if name.startswith(f"test_{_HOST}_") and not psutil.pid_exists(_pid(name))]
    live = {migrations_digest(), *(name.split("_")[2] for name in names if name.startswith("test_"))}
    live -= {name.split("_")[2] for name in dead} - {migrations_digest()}
    old = [name for name in names if name.startswith("template_") and name.split("_")[1] not in live]
    for name in (*dead, *old):
        _drop(connection, name)
    for folder in volatile_dir().glob("session-*"):
        if not psutil.pid_exists(_pid(folder.name.replace("-", "_"))):
            remove_session(folder)
    for checkout in volatile_dir().parent.glob("postrider-*/checkout"):
        if checkout.owner() == volatile_dir().owner() and not Path(checkout.read_text()).exists():
            remove(checkout.parent)


def remove_session(folder: Path) -> None:
    """Stop the Redis of a session and remove its folder."""
    embedded.redis(folder).remove()
    shutil.rmtree(folder, ignore_errors=True)


def remove(folder: Path) -> None:
    """Stop the servers of a checkout's tests and remove their data."""
    for session in folder.glob("session-*"):
        remove_session(session)
    embedded.Postgres(folder / "postgres").remove()
    shutil.rmtree(folder, ignore_errors=True)


def _pid(name: str) -> int:
    """The pid in `test_<host>_<digest>_<pid>…` and `session_<pid>`."""
    parts = name.split("_")
    return int(parts[3] if len(parts) > 2 else parts[1])


if __name__ == "__main__":
    # `make clean`, after the checkout's own services are removed: nobody needs the copied binaries any more
    remove(volatile_dir())
    embedded.forget_copied_binaries()
