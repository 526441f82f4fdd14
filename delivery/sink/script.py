"""How a sink misbehaves: towards whom, at which step, and how often. The same for the same recipient."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

Step = Literal["RCPT", "DATA", "BODY", "DOT", "REQUEST", "ANSWER"]


@dataclass(frozen=True)
class Misbehaviour:
    """One in `every` recipients meets it, `times` times each.

    `reply` stands instead of the usual one (empty: none; {to} in it is the recipient), `drop` hangs up after it.
    At DOT, after the whole message, a reply of 250 or none means that the message was accepted all the same. Over HTTP
    `reply` is the status: at REQUEST instead of accepting, at ANSWER after it.
    """

    at: Step
    reply: str = ""
    drop: bool = False
    delay_ms: float = 0
    every: int = 1
    times: int = 1

    @property
    def accepts(self) -> bool:
        return self.at == "ANSWER" or (self.at == "DOT" and (not self.reply or self.reply.startswith("250")))


class Script:
    """What is still to be met, by recipient."""

    def __init__(self, steps: Sequence[Misbehaviour]) -> None:
        self._steps = list(enumerate(steps))
        self._met: Counter[tuple[int, bytes]] = Counter()

    def next(self, at: Step, recipient: bytes) -> Misbehaviour | None:
        """What this recipient meets at this step now; None: good manners."""
        for number, step in self._steps:
            if step.at == at and self._concerns(step, number, recipient):
                self._met[number, recipient] += 1
                return step
        return None

    def _concerns(self, step: Misbehaviour, number: int, recipient: bytes) -> bool:
        # the number keeps two steps of one script from meeting the same people
        mine = crc32(recipient, number) % step.every == 0
        return mine and self._met[number, recipient] < step.times
