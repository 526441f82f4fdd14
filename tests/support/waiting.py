"""Waiting for what must come: by looking, for as long as a slow machine may need."""

import time
from collections.abc import Callable

from django.db import connection

PATIENCE_S = 300.0  # only what hangs takes longer; who waits in vain fails then


def until(is_so: Callable[[], object], what: str = "it happens") -> None:
    """Look again and again until it is so. Raises AssertionError when it is in vain."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.02)


def wait_for_horizon() -> None:
    """Wait until what is committed now may be read from logs: transactions of other tests on the server hold it up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        (following,) = cursor.fetchone()

        def is_past() -> bool:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8", [following])
            return bool(cursor.fetchone()[0])

        until(is_past, "the horizon moves on: some transaction on this server stays open")
