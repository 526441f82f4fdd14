"""What workers did is counted across processes, and never in their way."""

import pytest
from pytest_django import Settings

from delivery import meters
from delivery.meters import GATED
from delivery.providers.base import Outcome, Receipt


def test_groups_of_all_workers_add_up() -> None:
    first = [Receipt(1, Outcome.SENT), Receipt(2, Outcome.SENT), Receipt(3, Outcome.TRANSIENT, "rate_limit")]
    meters.handed_over("bulk", 7, first, gated=2, seconds=0.2)
    meters.handed_over("bulk", 7, [Receipt(4, Outcome.SENT)], gated=0, seconds=90)
    meters.handed_over("triggered", 8, [Receipt(5, Outcome.UNKNOWN)], gated=0, seconds=0.04)
    found = meters.read()
    assert found.verdicts == {
        ("bulk", "sent"): 3, ("bulk", "transient"): 1, ("bulk", GATED): 2, ("triggered", "unknown"): 1,
    }  # fmt: skip
    assert found.errors == {(7, "rate_limit"): 1, (8, "unknown"): 1}
    assert found.handover["bulk"].buckets == {0.25: 3, float("inf"): 1}
    assert found.handover["bulk"].seconds == pytest.approx(90.6)


def test_a_redis_that_is_away_stops_nothing(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    meters.handed_over("bulk", 7, [Receipt(1, Outcome.SENT)], gated=0, seconds=1)
