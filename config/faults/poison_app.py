"""Rendering for some people kills the process, as a segfault or an out-of-memory would."""

import os
import signal
from datetime import datetime

from django.apps import AppConfig

MARK = "poison"


class PoisonConfig(AppConfig):
    name = "config.faults"
    label = "faults"

    def ready(self) -> None:
        from delivery import preparing  # only now: the apps are loaded

        render = preparing.Letter.render

        def deadly(self: preparing.Letter, at: datetime) -> None:
            if MARK in (self.recipient.email or ""):
                os.kill(os.getpid(), signal.SIGKILL)
            render(self, at)

        preparing.Letter.STEPS = (preparing.Letter.link, deadly, preparing.Letter.write)
