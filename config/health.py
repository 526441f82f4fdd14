"""For machines that watch: is it alive, can it work, and figures for Prometheus. No names, no addresses, no secrets."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from config.metrics import Collector, heartbeat_age
from delivery.selectors.ledger import queues

HEARTBEAT_S = 60.0


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _redis() -> str:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as client:
        client.ping()
    return ""


def _heartbeat() -> str:
    """Beat rang, Redis passed it on, and a worker answered: all three within the last minute."""
    age = heartbeat_age()
    if age is None:
        return "no heartbeat has ever arrived"
    return "" if age <= HEARTBEAT_S else f"the last heartbeat is {age:.0f} s old"


def _queues() -> str:
    at = timezone.now()
    late = [q.lane for q in queues() if q.since and (at - q.since).total_seconds() > settings.READY_QUEUE_AGE_S]
    return f"due messages wait too long in {', '.join(late)}" if late else ""


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _redis,
    "heartbeat": _heartbeat,
    "queues": _queues,
}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nobody else, so that a database away does not make it be killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether everything it stands on works, by name: 200, or 503 with what does not."""
    found = {name: _said(check) for name, check in CHECKS.items()}
    return JsonResponse(
        {name: words or "ok" for name, words in found.items()}, status=503 if any(found.values()) else 200
    )


def _said(check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, redis.RedisError) as error:
        return type(error).__name__


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, by METRICS_TOKEN as Bearer, or for signed-in staff. 404 for everybody else."""
    if not _may_measure(request):
        return HttpResponse(status=404)
    registry = CollectorRegistry()
    registry.register(Collector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_measure(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and constant_time_compare(given, settings.METRICS_TOKEN):
        return True
    return isinstance(request.user, User) and request.user.is_staff
