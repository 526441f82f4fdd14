"""The embedded services that this deployment stands on: those whose address is not set."""

import os

from django.conf import settings

from config.lib import embedded


def wanted() -> list[embedded.Postgres | embedded.Redis]:
    """Postgres unless DATABASE_URL is set, Redis unless REDIS_URL is."""
    found: list[embedded.Postgres | embedded.Redis] = []
    if not os.environ.get("DATABASE_URL"):
        found.append(embedded.postgres(settings.STATE_DIR))
    if not os.environ.get("REDIS_URL"):
        found.append(embedded.redis(settings.STATE_DIR))
    return found


def ensure() -> None:
    """Start those that do not run. Raises ServiceError with the remedy."""
    for service in wanted():
        service.ensure()
