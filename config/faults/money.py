"""A campaign that may cost no more than so much."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from campaigns import services
from campaigns.models import Campaign
from config.faults.base import Fault
from config.faults.stage import Stage
from config.faults.sums import Sums
from delivery.models import ProviderAccount
from delivery.selectors.budgets import charged

_COST = Decimal("0.001")
_MOST_KILLS = 40


class BudgetUnderKills(Fault):
    """Workers are killed while a campaign spends a budget for half of it, which is lifted when it is spent"""

    kind = "sigkill-budget"
    people = 6_000
    delay_ms = 10

    @contextmanager
    def server(self, stage: Stage) -> Iterator[None]:
        with super().server(stage):
            ProviderAccount.objects.filter(active=True).update(cost_per_message=_COST)
            yield

    def launch(self, stage: Stage, people: int) -> None:
        stage.launch(people, self.purpose, budget=people // 2 * _COST)

    def disturb(self, stage: Stage) -> dict[str, Any]:
        kills, paid_for = 0, int((stage.campaign.budget or 0) / _COST)
        while kills < _MOST_KILLS and not stage.is_paused():
            time.sleep(random.uniform(0.3, 1.0))  # noqa: S311 - when is nobody's secret
            kills += stage.kill_worker()
        stage.wait_until(stage.is_paused, "the campaign pauses when its budget is spent")
        told = {"kills": kills, "paid_for": paid_for, "charged": _messages(stage.campaign), "arrived": stage.arrived()}
        services.adjust(stage.campaign, by=None, budget=None)
        return told

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        broken = []
        if max(told["charged"], told["arrived"]) > told["paid_for"]:
            broken.append(f"{told['charged']} charged, {told['arrived']} arrived: more than {told['paid_for']}")
        in_the_end, due = _messages(Campaign.objects.latest("pk")), sums.states["sent"] + sums.states["unknown"]
        if in_the_end != due:
            broken.append(f"{in_the_end} charged in the end, not {due}")
        return broken


def _messages(campaign: Campaign) -> int:
    """How many the campaign was charged for."""
    return int(charged(campaign.pk) / _COST)
