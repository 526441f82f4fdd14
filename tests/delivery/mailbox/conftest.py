"""The local mailbox: an empty one in a folder of the test."""

from pathlib import Path

import pytest
from pytest_django import Settings

from delivery.mailbox.store import Mailbox


@pytest.fixture
def mailbox(tmp_path: Path, settings: Settings) -> Mailbox:
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    box = Mailbox(settings.MAILBOX_DIR)
    box.make_folders()
    return box
