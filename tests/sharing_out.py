"""How `pytest -n auto` shares the tests out: a file is one worker's, and the longest are begun first.

Each worker is a session like any other (tests/databases.py): a database, a Redis and folders of its own.
"""

import os

import pytest
from xdist.scheduler import LoadScopeScheduling

_BROWSER = "tests/browser/"  # one site and one Chromium for all of its files
_MOST = 6  # workers: beyond that the browser's share is what takes longest, and connections become scarce
_LONGEST = (_BROWSER, "tests/flows/", "tests/faults/")


class FileByFile(LoadScopeScheduling):
    """A worker takes a file at a time, in the order in which `longest_first` put them."""

    def _split_scope(self, nodeid: str) -> str:
        return _BROWSER if nodeid.startswith(_BROWSER) else nodeid.partition("::")[0]


def workers() -> int:
    """As many as there are cores for us; two at least, since much of a test is waiting for other processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores, 2), _MOST)


def longest_first(items: list[pytest.Item]) -> None:
    """So that no worker still has much to do when the others are done."""
    items.sort(key=lambda item: next((n for n, path in enumerate(_LONGEST) if item.nodeid.startswith(path)), 99))
