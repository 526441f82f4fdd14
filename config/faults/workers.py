"""Workers that die, are replaced, or are more than they should be."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from config.faults.base import Fault
from config.faults.stage import Stage
from config.faults.sums import Sums
from config.lib import embedded
from delivery.models import Purpose
from delivery.pipeline import GROUP

_KILLS = 100
_MAIN_EVERY = 34  # the main process of the workers too, with all its children


class Killed(Fault):
    """100 SIGKILLs of workers at random points, the gap between the server's accept and our settling widened"""

    kind = "sigkill"
    people = 20_000
    delay_ms = 20

    def disturb(self, stage: Stage) -> dict[str, Any]:
        kills = victims = 0
        while kills < _KILLS and not stage.over():
            time.sleep(random.uniform(0.3, 1.2))  # noqa: S311 - when is nobody's secret
            main = kills % _MAIN_EVERY == _MAIN_EVERY - 1
            at_stake = len(stage.workers()) if main else 1
            if stage.kill_worker(main=main):
                kills, victims = kills + 1, victims + at_stake
        return {"kills": kills, "killed": victims}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        most = told["killed"] * GROUP
        broken = [] if told["kills"] >= _KILLS else [f"only {told['kills']} kills: the campaign was over"]
        if sums.states["failed"]:
            broken.append(f"{sums.states['failed']} were given up, though nothing was wrong with them")
        if sums.states["unknown"] > most:
            broken.append(f"{sums.states['unknown']} unknown: more than a group a kill ({most})")
        return broken


class KilledTransactional(Killed):
    """The same to transactional mail that rather comes twice than never"""

    kind = "sigkill-transactional"
    people = 16_000
    purpose = Purpose.TRANSACTIONAL


class Deployed(Fault):
    """Five deploys while sending: SIGTERM to everything, then everything anew"""

    kind = "sigterm"
    people = 24_000
    env = {"SEND_BEGIN_WINDOW_S": "4", "SEND_REPLY_TIMEOUT_S": "20", "SEND_LEASE_S": "30"}

    def disturb(self, stage: Stage) -> dict[str, Any]:
        deploys = 0
        while deploys < 5 and not stage.over():
            stage.stop()
            stage.start()
            deploys += 1
            stage.goes_on()
            time.sleep(random.uniform(0, 2))  # noqa: S311
        return {"deploys": deploys}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        broken = [] if told["deploys"] == 5 else [f"only {told['deploys']} deploys: the campaign was over"]
        return [*broken, *(["a deploy left messages unknown"] if sums.states["unknown"] else [])]


class TwoBeats(Fault):
    """Three beats ring instead of one"""

    kind = "two-beats"

    def disturb(self, stage: Stage) -> dict[str, Any]:
        for _ in range(2):
            stage.start(only={"beat"})
        return {"beats": 3}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if sums.states["sent"] == sums.audience else ("not everybody got it",)


class TwoDeployments(Fault):
    """Two whole deployments, each with its Redis, work on one database"""

    kind = "two-deployments"
    people = 6_000

    def disturb(self, stage: Stage) -> dict[str, Any]:
        other = embedded.Redis(stage.folder / "other-redis")
        other.ensure()
        try:
            stage.start({"REDIS_URL": other.url()})
            stage.wait_for_the_end()
        finally:
            stage.stop()
            other.remove()
        return {"runs": stage.campaign.runs.count()}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if sums.states["sent"] == sums.audience else ("not everybody got it",)
