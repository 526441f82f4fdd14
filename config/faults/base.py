"""What every fault is: a campaign on its way, something that goes wrong meanwhile, and the promises that must hold."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from config.faults.stage import Stage
from config.faults.sums import Sums
from delivery.models import Purpose
from delivery.sink import Misbehaviour


class Fault(ABC):
    """One fault. Its first line of documentation is its row in docs/reliability.md."""

    kind: ClassVar[str]
    people: ClassVar[int] = 2_000
    purpose: ClassVar[Purpose] = Purpose.MARKETING
    celery: ClassVar[bool] = True
    """Beat and Celery workers; else `send_lane` processes, with the harness itself for beat."""
    delay_ms: ClassVar[float] = 10
    script: ClassVar[Sequence[Misbehaviour]] = ()
    env: ClassVar[Mapping[str, str]] = {}
    """What the settings of its deployment are to be."""
    disk_mb: ClassVar[int | None] = None
    """The database on a file system of this size; None: wherever the state is."""

    @classmethod
    def unavailable(cls) -> str:
        """Why this machine cannot show it, in words; empty when it can."""
        return ""

    def run(self, stage: Stage, people: int) -> dict[str, Any]:
        """Everything, in this deployment, whose data it spoils. The figures, with what was `broken` in words."""
        with self.server(stage), stage.working(celery=self.celery, env=self.process_env(stage)):
            self.launch(stage, people)
            told = self.disturb(stage)
            stage.wait_for_the_end()
        sums = stage.sums()
        return {**sums.figures(), **told, "broken": [*sums.broken(), *self.also_broken(sums, told)]}

    def server(self, stage: Stage) -> AbstractContextManager[None]:
        """Where the mail goes."""
        return stage.sink(delay_ms=self.delay_ms, script=self.script)

    def launch(self, stage: Stage, people: int) -> None:
        """Send the campaign on its way."""
        stage.launch(people, self.purpose)

    def process_env(self, stage: Stage) -> Mapping[str, str]:
        """What its processes are told besides."""
        return {}

    @abstractmethod
    def disturb(self, stage: Stage) -> dict[str, Any]:
        """Do harm while the campaign is on its way; figures to tell."""

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        """What else this fault must not have caused, in words."""
        return ()


def afflicted(app: str) -> dict[str, str]:
    """The environment of processes that have this application (a dotted path) among theirs."""
    return {"DJANGO_SETTINGS_MODULE": "config.faults.afflicted", "AFFLICTION": app}
