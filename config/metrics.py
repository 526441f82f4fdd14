"""Figures for Prometheus: read at each scrape from partial indexes, small tables and what workers counted in Redis.

No names of people, no addresses. deploy/grafana shows them, deploy/prometheus warns by them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from analytics.models import Freshness
from config.celery import HEARTBEAT_KEY
from delivery import meters, throttle
from delivery.meters import BUCKETS_S, Histogram
from delivery.models import Breaker, DeadLetter, Lane, Message, ProviderAccount
from delivery.selectors.ledger import queues
from segments.selectors.memberships import lag

log = structlog.get_logger(__name__)


class Collector:
    """All of it. What Redis alone knows is left out while it is away."""

    def collect(self) -> Iterator[Metric]:
        yield from _queues()
        yield from _endings()
        yield from _breakers()
        yield from _freshness()
        yield from _memberships()
        try:
            yield from _work(meters.read())
            yield _counter(
                "throttle_waits", "Messages put back for want of a token", ["reason"],
                {(reason,): count for reason, count in throttle.waits().items()},
            )  # fmt: skip
            yield from _heartbeat()
        except redis.RedisError as error:
            log.warning("metrics_without_redis", error=type(error).__name__)


def heartbeat_age() -> float | None:
    """Seconds since a heartbeat went the whole way from beat to a worker; None when none ever did."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, decode_responses=True) as client:
        last = client.get(HEARTBEAT_KEY)
    return (datetime.now(UTC) - datetime.fromisoformat(str(last))).total_seconds() if last else None


def _queues() -> Iterator[Metric]:
    at, found = timezone.now(), queues()
    depth = {(queue.lane,): queue.depth for queue in found}
    oldest = {(queue.lane,): (at - queue.since).total_seconds() if queue.since else 0 for queue in found}
    yield _gauge("queue_messages", "Messages that are due", ["lane"], depth)
    yield _gauge("queue_oldest_seconds", "How long the oldest has been due", ["lane"], oldest)


def _endings() -> Iterator[Metric]:
    unknown = Message.objects.filter(state=Message.State.UNKNOWN).count()
    yield _gauge("messages_unknown", "Messages whose outcome nobody knows", [], {(): unknown})
    rows = DeadLetter.objects.filter(resolution="").values_list("reason").annotate(n=Count("pk")).order_by()
    yield _gauge("dead_letters", "Dead letters that nobody has dealt with", ["reason"], {(r,): n for r, n in rows})


def _breakers() -> Iterator[Metric]:
    """0 closed, 0.5 half open, 1 open; an account that never failed has no row."""
    level = {Breaker.State.CLOSED: 0.0, Breaker.State.HALF_OPEN: 0.5, Breaker.State.OPEN: 1.0}
    rows = ProviderAccount.objects.filter(active=True).values_list("name", "breaker__state")
    states = {(name,): level[Breaker.State(state)] if state else 0.0 for name, state in rows}
    yield _gauge("breaker_open", "1: nothing goes through this account; 0.5: one group tries", ["account"], states)


def _freshness() -> Iterator[Metric]:
    at = timezone.now()
    rows = Freshness.objects.values_list("name", "last_success_at")
    ages = {(name,): (at - last).total_seconds() for name, last in rows if last}
    yield _gauge("figures_age_seconds", "Age of a derived table", ["table"], ages)


def _memberships() -> Iterator[Metric]:
    seconds, broken = lag(at=timezone.now())
    words = "How long the first change of somebody has waited for segments to look at it"
    yield _gauge("membership_lag_seconds", words, [], {(): seconds})
    yield _gauge("membership_broken", "Segments whose members are not kept up", [], {(): broken})


def _work(found: meters.Meters) -> Iterator[Metric]:
    names = dict(ProviderAccount.objects.values_list("pk", "name"))
    errors = {(names.get(account, "deleted"), category): n for (account, category), n in found.errors.items()}
    yield _counter("sends", "Messages that a worker began, by what became of them", ["lane", "verdict"], found.verdicts)
    yield _counter("provider_errors", "Answers other than a yes", ["account", "category"], errors)
    yield _handover(found.handover)


def _handover(found: Mapping[str, Histogram]) -> Metric:
    metric = HistogramMetricFamily("postrider_handover_seconds", "From claim to the provider's answer", labels=["lane"])
    for lane in Lane.values:
        histogram = found.get(lane, Histogram())
        bounds = [*BUCKETS_S, float("inf")]
        totals = accumulate(histogram.buckets[bound] for bound in bounds)
        names = [*(str(bound) for bound in BUCKETS_S), "+Inf"]
        metric.add_metric([lane], list(zip(names, totals, strict=True)), histogram.seconds)
    return metric


def _heartbeat() -> Iterator[Metric]:
    age = heartbeat_age()
    yield _gauge("heartbeat_age_seconds", "Since beat reached a worker", [], {} if age is None else {(): age})


def _gauge(name: str, words: str, labels: Sequence[str], values: Mapping[Any, float]) -> Metric:
    metric = GaugeMetricFamily(f"postrider_{name}", words, labels=labels)
    for at, value in values.items():
        metric.add_metric([str(label) for label in at], value)
    return metric


def _counter(name: str, words: str, labels: Sequence[str], values: Mapping[Any, float]) -> Metric:
    metric = CounterMetricFamily(f"postrider_{name}", words, labels=labels)
    for at, value in values.items():
        metric.add_metric([str(label) for label in at], value)
    return metric
