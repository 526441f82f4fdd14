"""What `manage.py doctor` looks at: one function a matter, each says in words what it found and what to do."""

import base64
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from config import services
from config.celery import HEARTBEAT_KEY, app
from config.lib.append_only import application_role
from config.lib.embedded import ServiceError

_GB = 1024**3
_QUIET_BEAT = 30.0  # seconds; it beats every five
_SKEW = 2.0


class Level(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was found and, unless all is well, the remedy."""

    level: Level
    matter: str
    said: str
    remedy: str = ""


Check = Callable[[], Iterator[Finding]]


def examine() -> Iterator[Finding]:
    """All findings in order. A check that cannot even be made is a FAIL."""
    for check in CHECKS:
        matter = check.__name__.replace("_", " ")
        try:
            for finding in check():
                yield Finding(finding.level, finding.matter or matter, finding.said, finding.remedy)
        except (DatabaseError, redis.RedisError, ServiceError, OSError) as error:
            yield Finding(Level.FAIL, matter, str(error).strip().splitlines()[0], _CANNOT)


_CANNOT = "see `manage.py services status`, DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL"


def _ok(said: str) -> Finding:
    return Finding(Level.OK, "", said)


def _warn(said: str, remedy: str) -> Finding:
    return Finding(Level.WARN, "", said, remedy)


def _fail(said: str, remedy: str) -> Finding:
    return Finding(Level.FAIL, "", said, remedy)


def _ask(alias: str, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def configuration() -> Iterator[Finding]:
    found = [m for m in checks.run_checks(include_deployment_checks=settings.PRODUCTION) if not m.is_silenced()]
    for message in found:
        level = Level.FAIL if message.level >= checks.ERROR else Level.WARN
        yield Finding(level, "", f"{message.id}: {message.msg}", message.hint or "see `manage.py check`")
    if not found:
        yield _ok(f"{settings.ENVIRONMENT}, nothing amiss")


def embedded_services() -> Iterator[Finding]:
    started = services.ensure()
    names = ", ".join(services.wanted()) or "none: DATABASE_URL and REDIS_URL are set"
    yield _ok(f"{names}{' (started just now)' if started else ''}")


_ROLE = """
    SELECT current_user, current_setting('server_version_num')::int, current_setting('is_superuser') = 'on',
           pg_has_role(datdba, 'MEMBER')
    FROM pg_database WHERE datname = current_database()
"""


def database() -> Iterator[Finding]:
    [(worker, version, mighty, owns)] = _ask("default", _ROLE)
    [(owner, _, _, may_migrate)] = _ask("owner", _ROLE)
    if version < 150000:
        yield _fail(f"Postgres {version // 10000}", "use Postgres 15 or later")
    if mighty or owns:
        yield _fail(f"DATABASE_URL names {worker}, who could change the logs", "see deploy/roles.sql")
    if not may_migrate:
        yield _warn(f"DATABASE_OWNER_URL names {owner}, who cannot migrate", "see deploy/roles.sql")
    yield _ok(f"Postgres {version // 10000}.{version % 10000}; {worker} works, {owner} migrates")


_CHANGEABLE = """
    SELECT c.relname FROM pg_class c
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    JOIN pg_description d ON d.objoid IN (c.oid, i.inhparent) AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
    WHERE d.description LIKE 'append-only for %%' AND c.relkind IN ('r', 'p')
      AND (has_table_privilege(%(role)s, c.oid, 'UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege(%(role)s, c.oid, 'UPDATE')
           OR pg_has_role(%(role)s, c.relowner, 'MEMBER')
           OR NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'no_truncate'
                          AND t.tgenabled IN ('O', 'A')))
"""


def append_only_tables() -> Iterator[Finding]:
    with connections["default"].cursor() as cursor:
        cursor.execute(_CHANGEABLE, {"role": application_role()})
        open_ones = [row[0] for row in cursor.fetchall()]
    if open_ones:
        yield _fail(f"{application_role()} could change {', '.join(open_ones)}", "run `manage.py migrate`")
    else:
        yield _ok(f"{application_role()} cannot change them")


def durability() -> Iterator[Finding]:
    """An opt-out is acknowledged, and a message begun, on the strength of a commit."""
    if _ask("default", "SHOW synchronous_commit") == [("off",)]:
        remedy = "set it to on in postgresql.conf, and look for ALTER ROLE … SET and ALTER DATABASE … SET"
        yield _fail("synchronous_commit is off: a crash may take back an opt-out or double a message", remedy)
    else:
        yield _ok("what is committed lasts")


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connections["owner"])
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield _fail(f"{len(waiting)} not applied, the first is {waiting[0][0]}", "run `manage.py migrate`")
    else:
        yield _ok("all applied")


_LAST_MONTHS = """
    SELECT p.relname, max(substring(c.relname from '_(\\d{4}_\\d{2})$'))
    FROM pg_partitioned_table t JOIN pg_class p ON p.oid = t.partrelid
    JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid
    WHERE t.partstrat = 'r' GROUP BY p.relname
"""


def log_partitions() -> Iterator[Finding]:
    now = datetime.now(UTC)
    needed = f"{now.year + (now.month + 1) // 12}_{(now.month + 1) % 12 + 1:02}"  # two months ahead
    late = [str(log) for log, last in _ask("default", _LAST_MONTHS) if not last or last < needed]
    if late:
        yield _warn(f"not made until {needed} for {', '.join(late)}", "run `manage.py migrate`, and see that beat runs")
    else:
        yield _ok(f"made until {needed} at least")


def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=5)


def redis_server() -> Iterator[Finding]:
    with _redis() as client:
        version = str(client.info("server")["redis_version"])
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "unknown")
    if tuple(int(part) for part in version.split(".")[:2]) < (6, 2):
        yield _fail(f"Redis {version}", "use Redis 6.2 or later")
    if policy != "noeviction":
        yield _fail(f"maxmemory-policy is {policy}: it may drop tasks", "set maxmemory-policy to noeviction")
    yield _ok(f"Redis {version}, {policy}")


def beat() -> Iterator[Finding]:
    level = Level.FAIL if settings.PRODUCTION else Level.WARN
    with _redis() as client:
        last = client.get(HEARTBEAT_KEY)
    remedy = "beat and the worker of queue `ticks` must run: see `manage.py up`"
    if last is None:
        yield Finding(level, "", "no heartbeat has ever arrived", remedy)
        return
    age = (datetime.now(UTC) - datetime.fromisoformat(str(last))).total_seconds()
    if age > _QUIET_BEAT:
        yield Finding(level, "", f"the last heartbeat is {age:.0f} s old", remedy)
    else:
        yield _ok(f"the last heartbeat is {age:.0f} s old")


def clocks() -> Iterator[Finding]:
    with _redis() as client:
        seconds, micros = client.time()
    here = datetime.now(UTC).timestamp()
    [(there,)] = _ask("default", "SELECT extract(epoch FROM clock_timestamp())::float8")
    apart = max(abs(there - here), abs(seconds + micros / 1e6 - here))
    if apart > _SKEW:
        yield _fail(f"this machine, Postgres and Redis are {apart:.1f} s apart", "leases rest on them: set up NTP")
    else:
        yield _ok(f"this machine, Postgres and Redis agree within {max(apart, 0.1):.1f} s")


def task_limits() -> Iterator[Finding]:
    app.loader.import_default_modules()
    longest = max([app.conf.task_time_limit or 0, *(task.time_limit or 0 for task in app.tasks.values())])
    shown = {
        app.conf.broker_transport_options.get("visibility_timeout", 3600),
        app.conf.result_backend_transport_options.get("visibility_timeout", 3600),
        getattr(app.conf, "visibility_timeout", 3600),
    }
    if min(shown) <= 2 * longest or len(shown) > 1:
        said = f"visibility timeouts {sorted(shown)} s, the longest task may take {longest} s"
        yield _fail(said, "set all three alike, to more than twice the longest task (config/celery_settings.py)")
    else:
        yield _ok(f"a task may take {longest} s, Redis hands it out again after {min(shown)} s")


def mail_server() -> Iterator[Finding]:
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with socket.create_connection((settings.EMAIL_HOST, settings.EMAIL_PORT), timeout=5) as connection:
            greeting = connection.recv(100)
    except OSError as error:
        yield _warn(f"{where} does not answer ({error})", "system mail goes there: run `manage.py up` or set EMAIL_URL")
        return
    if greeting.startswith(b"220"):
        yield _ok(f"{where} answers")
    else:
        yield _warn(f"{where} is no SMTP server", "set EMAIL_URL, or MAILBOX_PORT to a free port")


def disk() -> Iterator[Finding]:
    folders = [Path(settings.STATE_DIR), Path(settings.MEDIA_ROOT)]
    present = [next(part for part in (folder, *folder.parents) if part.exists()) for folder in folders]
    for there in {folder.stat().st_dev: folder for folder in present}.values():
        free = shutil.disk_usage(there).free
        if free < 5 * _GB:
            level = Level.FAIL if free < _GB else Level.WARN
            yield Finding(level, "", f"{free / _GB:.1f} GB free at {there}", "make room: at least 5 GB")
        else:
            yield _ok(f"{free / _GB:.0f} GB free at {there}")


def stored_secrets() -> Iterator[Finding]:
    """Passwords and keys of provider accounts rest under one of TOKEN_KEYS: an old one can go once none is left."""
    rows = _ask("default", "SELECT left(sealed_secret, 4) FROM delivery_provideraccount WHERE sealed_secret <> ''")
    sealed = [base64.urlsafe_b64decode(start)[0] for (start,) in rows]
    newest, known = settings.TOKEN_KEYS[0][0], {key_id for key_id, _ in settings.TOKEN_KEYS}
    lost, old = sum(key_id not in known for key_id in sealed), sum(key_id != newest for key_id in sealed)
    if lost:
        yield _fail(f"{lost} of {len(sealed)} are sealed under a key that TOKEN_KEYS lacks", "put it back, at the end")
    elif old:
        yield _warn(f"{old} of {len(sealed)} are sealed under an old key", "run `manage.py rotate_secrets`")
    else:
        yield _ok(f"{len(sealed)} sealed under the newest key")


CHECKS: list[Check] = [
    configuration,
    embedded_services,
    database,
    append_only_tables,
    durability,
    migrations,
    log_partitions,
    redis_server,
    beat,
    clocks,
    task_limits,
    stored_secrets,
    mail_server,
    disk,
]
