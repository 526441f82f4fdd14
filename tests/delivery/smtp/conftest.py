"""The SMTP client against a server that misbehaves: each message has the outcome that is true."""

from collections.abc import Iterator

import pytest

from tests.support.smtp_client import close_clients


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    close_clients()
