"""This process's connection to the Redis of the throttles. Impatient: a group of messages waits for the answer."""

from functools import cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def client() -> Redis:
    return _client(settings.REDIS_URL)


@cache
def _client(url: str) -> Redis:
    # once more, since a kept connection may have been closed meanwhile; what was taken twice was taken too much of us
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1))
