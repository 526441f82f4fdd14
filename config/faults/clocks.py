"""The clock of the workers' machine is set, back and forth."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from config.faults.base import Fault
from config.faults.stage import Stage
from delivery.postfix_tools import Apt

_PACKAGE = "libfaketime"
_STEPS = ("-1h", "+2h", "-1d", "+30d", "+0")


def find_faketime(tools: Path) -> Path | None:
    """Debian's libfaketime, from the system or unpacked below `tools`; None when there is none to be had."""
    folder = tools / _PACKAGE
    pattern = "usr/lib/*/faketime/libfaketime.so.1"
    for root in (Path("/"), folder):
        if found := next(root.glob(pattern), None):
            return found
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    with tempfile.TemporaryDirectory() as scratch:
        try:
            apt = Apt(Path(scratch))
            apt.download([_PACKAGE])
            apt.unpack(folder)
        except (OSError, subprocess.SubprocessError):
            return None
    return next(folder.glob(pattern), None)


class ClockSteps(Fault):
    """The wall clock of beat and workers is set back an hour, forth two, back a day, forth a month, and right again"""

    kind = "clock-steps"
    people = 6_000
    delay_ms = 25

    @classmethod
    def unavailable(cls) -> str:
        return "" if _tools() else "it needs Debian's libfaketime"

    def process_env(self, stage: Stage) -> Mapping[str, str]:
        self._setting = stage.folder / "clock"
        self._setting.write_text("+0")
        return {
            "LD_PRELOAD": str(_tools()),
            "FAKETIME_TIMESTAMP_FILE": str(self._setting),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def disturb(self, stage: Stage) -> dict[str, Any]:
        steps = 0
        for step in _STEPS:
            if stage.over():
                break
            self._setting.write_text(step)
            steps += 1
            stage.say(f"the clock at {step}")
            stage.goes_on()
            time.sleep(2)
        self._setting.write_text("+0")
        return {"steps": steps}


def _tools() -> Path | None:
    return find_faketime(Path(os.environ.get("POSTRIDER_TOOLS") or settings.STATE_DIR))
