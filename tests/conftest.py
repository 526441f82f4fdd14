"""Every test runs on real Postgres and real Redis, as the application role.

- `db` (or the mark django_db): the session's database, rolled back after the test.
- `committed_db`: a clone of its own for one test, seen by other connections and by child processes.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker
from redis import Redis
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from config.lib import embedded
from tests import databases, sharing_out

_numbers = itertools.count(1)

# A shared machine may be slow; what continuous integration finds must be found again by the next run.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@dataclass(frozen=True)
class CommittedDb:
    """A database of one test, and the environment for child processes that shall use it."""

    name: str
    url: str
    owner_url: str
    env: dict[str, str] = field(repr=False)


def _point_at(name: str) -> None:
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
        settings.DATABASES[alias]["NAME"] = name


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """While it lasts, this process works on another database of the test server."""
    before = str(settings.DATABASES["default"]["NAME"])
    _point_at(name)
    try:
        yield
    finally:
        _point_at(before)


@pytest.fixture(scope="session")
def django_db_setup(_session_services: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The session's database: a clone of the template, which is built when the migrations have changed."""
    name = databases.session_database()
    with django_db_blocker.unblock():
        databases.make_session_database(_migrate)
        _point_at(name)
        yield
        _point_at(name)
    databases.drop(name)


def _migrate(draft: str) -> None:
    _point_at(draft)
    call_command("migrate", verbosity=0, skip_checks=True)
    with connections["default"].cursor() as cursor:  # tests of throttles set limits of their own
        cursor.execute("UPDATE delivery_mailboxprovider SET rate_per_second = NULL, connections = 100")
    _point_at(databases.session_database())


@pytest.fixture
def committed_db(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CommittedDb]:
    """A database of this test alone: what it commits is seen by its child processes and dropped afterwards."""
    name = f"{databases.session_database()}_{next(_numbers)}"
    addresses = databases.urls(name)
    for key, value in addresses.items():
        monkeypatch.setenv(key, value)
    databases.clone(name)
    try:
        with django_db_blocker.unblock():
            _point_at(name)
            yield CommittedDb(name, addresses["DATABASE_URL"], addresses["DATABASE_OWNER_URL"], dict(os.environ))
    finally:
        _point_at(databases.session_database())
        databases.drop(name)


@pytest.fixture
def transactional_db() -> None:
    """Refused: it empties tables after the test, and append-only tables refuse that."""
    pytest.fail("use `committed_db` instead of `transactional_db`: append-only tables cannot be emptied")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark and mark.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: use `committed_db` instead of django_db(transaction=True)")
    sharing_out.longest_first(items)


def pytest_xdist_auto_num_workers() -> int:
    return sharing_out.workers()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return sharing_out.FileByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def _session_services() -> Iterator[None]:
    """A Redis of this session; stopped, and its folder removed, at the end."""
    with databases.in_use():
        embedded.redis(settings.STATE_DIR).ensure()
        yield
        databases.remove_session(Path(settings.STATE_DIR))


@pytest.fixture(autouse=True)
def _empty_redis(_session_services: None) -> None:
    from delivery import throttle  # not before Django is set up

    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.flushall()
    throttle.forget()
