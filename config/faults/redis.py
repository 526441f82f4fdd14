"""The doorbell falls silent."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

from config.faults.base import Fault
from config.faults.stage import Stage
from config.faults.sums import Sums

_AWAY_S = 30
_RESUMES_WITHIN_S = 60


class Emptied(Fault):
    """Redis is emptied twenty times while sending"""

    kind = "redis-emptied"
    people = 6_000

    def disturb(self, stage: Stage) -> dict[str, Any]:
        times = 0
        with Redis.from_url(stage.redis.url()) as client:
            while times < 20 and not stage.over():
                client.flushall()
                times += 1
                time.sleep(0.5)
        return {"times": times}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if sums.states["sent"] == sums.audience else ("not everybody got it",)


class Stopped(Fault):
    """Redis is stopped for 30 s and comes back, empty"""

    kind = "redis-stopped"
    people = 9_000
    delay_ms = 25

    def disturb(self, stage: Stage) -> dict[str, Any]:
        stage.redis.stop()
        time.sleep(_AWAY_S)
        before = stage.sent()
        stage.redis.ensure()
        return {"sent_by_its_return": before, "resumed_within_s": round(stage.goes_on(before), 1)}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        if told["sent_by_its_return"] == sums.audience:
            return ["the campaign was over too early"]
        slow = told["resumed_within_s"] > _RESUMES_WITHIN_S
        return [f"it went on only after {told['resumed_within_s']} s"] if slow else []
