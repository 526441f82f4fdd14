"""The wall clock of beat and workers is set, back and forth."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from config.faults.base import Fault, afflicted
from config.faults.clock_app import FILE
from config.faults.stage import Stage
from config.faults.sums import Sums

_HOUR = 3600
_STEPS = {"-1 h": -_HOUR, "+2 h": 2 * _HOUR, "-1 d": -24 * _HOUR, "+30 d": 30 * 24 * _HOUR, "right": 0}


class ClockSteps(Fault):
    """The wall clock of beat and workers is set back an hour, forth two, back a day, forth a month, and right again"""

    kind = "clock-steps"
    people = 9_000
    delay_ms = 40

    def process_env(self, stage: Stage) -> Mapping[str, str]:
        self._clock = stage.folder / "clock"
        self._clock.write_text("0")
        return {**afflicted("config.faults.clock_app.ClockConfig"), FILE: str(self._clock)}

    def disturb(self, stage: Stage) -> dict[str, Any]:
        steps, longest = 0, 0.0
        for words, seconds in _STEPS.items():
            if stage.over():
                break
            self._clock.write_text(str(seconds))
            steps += 1
            time.sleep(8)  # longer than what a worker had begun before
            longest = max(longest, stage.goes_on())
            stage.say(f"the clock at {words}: {stage.sent()} sent")
        return {"steps": steps, "longest_stop_s": round(longest, 1)}

    def also_broken(self, sums: Sums, told: Mapping[str, Any]) -> Sequence[str]:
        return () if told["steps"] == len(_STEPS) else ("the campaign was over too early",)
