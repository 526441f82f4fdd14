"""The embedded services that this deployment stands on: those whose address is not set."""

import os

import psycopg
from django.conf import settings

from config.lib import embedded

Service = embedded.Postgres | embedded.Redis


def wanted() -> dict[str, Service]:
    """Postgres unless DATABASE_URL is set, Redis unless REDIS_URL is; by name."""
    found: dict[str, Service] = {}
    if not os.environ.get("DATABASE_URL"):
        found["postgres"] = embedded.postgres(settings.STATE_DIR)
    if not os.environ.get("REDIS_URL"):
        found["redis"] = embedded.redis(settings.STATE_DIR)
    return found


def ensure() -> list[Service]:
    """Start those that do not run; returns the ones it started. Raises ServiceError with the remedy."""
    return [service for service in wanted().values() if service.ensure()]


def are_new() -> bool:
    """Whether the embedded database has no tables yet: the first command on a new checkout makes them."""
    if "postgres" not in wanted():
        return False  # an operator's own database is migrated by the operator
    with psycopg.connect(embedded.database_url(settings.STATE_DIR, "postrider_app")) as connection:
        return connection.execute("SELECT to_regclass('public.django_migrations') IS NULL").fetchone() == (True,)
