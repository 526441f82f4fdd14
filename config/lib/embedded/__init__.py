"""Postgres and Redis of this checkout, for when no DATABASE_URL and REDIS_URL are set.

Both come as binaries in wheels (requirements.txt), live in one git-ignored state folder, listen on Unix sockets
only and survive the exit of whoever started them.

The addresses are pure functions of the state folder, so that settings can name a server that is not yet started.
"""

from pathlib import Path

from config.lib.embedded.binaries import forget_copy as forget_copied_binaries
from config.lib.embedded.places import ServiceError, state_dir
from config.lib.embedded.postgres_server import Postgres
from config.lib.embedded.redis_server import Redis, broker_url

__all__ = [
    "Postgres",
    "Redis",
    "ServiceError",
    "broker_url",
    "database_url",
    "ensure",
    "forget_copied_binaries",
    "postgres",
    "redis",
    "redis_url",
    "state_dir",
    "status",
    "stop",
]


def postgres(state: Path) -> Postgres:
    """The database server of a state folder, running or not."""
    return Postgres(state / "postgres")


def redis(state: Path) -> Redis:
    """The Redis of a state folder, running or not."""
    return Redis(state / "redis")


def database_url(state: Path, role: str) -> str:
    """The address of the database for `postrider_app` or `postrider_owner`."""
    return postgres(state).url(role)


def redis_url(state: Path) -> str:
    """The address of Redis for redis-py and Django; `broker_url` makes Celery's of it."""
    return redis(state).url()


def ensure(state: Path) -> None:
    """Start what is not running and wait until it answers. Raises ServiceError with the remedy."""
    postgres(state).ensure()
    redis(state).ensure()


def stop(state: Path) -> None:
    """Stop both, if they run."""
    redis(state).stop()
    postgres(state).stop()


def status(state: Path) -> dict[str, bool]:
    """Which of the services answer, by name."""
    return {"postgres": postgres(state).running(), "redis": redis(state).running()}
