"""Rendering for some people kills the process, as a segfault or an out-of-memory would."""

import os
import signal
from datetime import datetime
from typing import Any

from django.apps import AppConfig

MARK = "poison"


class PoisonConfig(AppConfig):
    name = "config.faults"
    label = "faults"

    def ready(self) -> None:
        from delivery import preparing  # only now: the apps are loaded

        prepare = preparing.Loaded.prepare

        def deadly(self: preparing.Loaded, *, at: datetime) -> Any:
            if MARK in (self.recipient.email or ""):
                os.kill(os.getpid(), signal.SIGKILL)
            return prepare(self, at=at)

        preparing.Loaded.prepare = deadly  # type: ignore[method-assign]
