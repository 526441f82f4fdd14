"""Waiting for what must come: by looking, for as long as a slow machine may need."""

import time
from collections.abc import Callable

PATIENCE_S = 300.0  # only what hangs takes longer; who waits in vain fails then


def until(is_so: Callable[[], object], what: str = "it happens") -> None:
    """Look again and again until it is so. Raises AssertionError when it is in vain."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.02)
