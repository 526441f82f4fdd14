"""Messages that kill whoever touches them."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from config.faults.base import Fault, afflicted
from config.faults.stage import Stage
from config.faults.sums import Sums
from delivery.models import DeadLetter, Message, Purpose

_POISONED = 2
_MOST_SLOWER_PERCENT = 5


class Poison(Fault):
    """Two messages kill every worker that renders them; first the same campaign without them, to compare"""

    kind = "poison"
    people = 48_000  # of 12,000, a campaign of seconds, four runs gave -1 to 11 %; of so many, nine gave -4 to 7
    delay_ms = 2

    def run(self, stage: Stage, people: int) -> dict[str, Any]:
        with self.server(stage):
            alone = self._campaign(stage, people, poisoned=0)
            beside = self._campaign(stage, people, poisoned=_POISONED)
        sums = stage.sums()
        told = {
            "dead_letters": DeadLetter.objects.filter(campaign_id=stage.campaign.pk, reason="poison").count(),
            "others_slower_percent": round(100 * (beside / alone - 1), 1),
        }
        return {**sums.figures(), **told, "broken": [*sums.broken(), *self.also_broken(sums, told)]}

    def disturb(self, stage: Stage) -> dict[str, Any]:
        return {}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        broken = []
        if not told["dead_letters"] == sums.states["failed"] == _POISONED:
            broken.append(f"{told['dead_letters']} dead letters, {sums.states['failed']} failed: not the two")
        calm = os.getloadavg()[1] < 2 * (os.cpu_count() or 1)  # else time tells of other programs
        if calm and told["others_slower_percent"] > _MOST_SLOWER_PERCENT:
            broken.append(f"the others were {told['others_slower_percent']} % slower")
        return broken

    def _campaign(self, stage: Stage, people: int, *, poisoned: int) -> float:
        """Seconds from the first settled message to nine tenths of them."""
        with stage.working(celery=True, env=afflicted("config.faults.poison_app.PoisonConfig")):
            stage.launch(people, Purpose.MARKETING, poisoned=poisoned)
            stage.wait_for_the_end()
        settled = Message.objects.filter(order__campaign_id=stage.campaign.pk, state=Message.State.SENT)
        times = sorted(at for at in settled.values_list("settled_at", flat=True) if at)
        return float((times[len(times) * 9 // 10] - times[0]).total_seconds())
