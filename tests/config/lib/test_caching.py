"""A cache is a convenience: its loss costs time and nothing else."""

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError

from config.lib.caching import recalled, remember


def test_a_number_is_kept_for_its_time() -> None:
    assert recalled("people") is None
    remember("people", 12, 60)
    assert recalled("people") == 12


def test_without_redis_nothing_is_kept_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **options: object) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "set", away)
    remember("people", 12, 60)
    assert recalled("people") is None
