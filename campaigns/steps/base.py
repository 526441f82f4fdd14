"""A step type: one class decides for a whole batch of people at a step (STEPS)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Run, Step
from config.lib.registry import Registry


@dataclass(frozen=True, slots=True)
class Batch:
    """Contacts of one run that are due at one step."""

    run: Run
    step: Step
    contact_ids: Sequence[int]
    at: datetime


class StepType:
    """What happens to people at a step of this kind. Its outcomes are the keys of `Step.next`."""

    kind: str

    def prepare(self, run: Run, step: Step) -> None:
        """What the step needs once a run; called in the transaction that launches it."""

    def decide(self, batch: Batch) -> Mapping[str, Sequence[int]]:
        """The contacts by outcome, each exactly once; what it writes shares the engine's transaction.

        In a number of queries that does not grow with the batch.
        """
        raise NotImplementedError  # no ABC: it would need a silencer at the registry


step_types: Registry[StepType] = Registry("STEPS", StepType)
