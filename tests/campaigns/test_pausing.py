"""Pause, resume and cancel through the real recipe, while it sends (STANDARDS B1.8)."""

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import connections

from campaigns import selectors, services
from campaigns.models import Campaign
from delivery import ledger, pipeline
from delivery.accounts import close_all
from delivery.models import Message, ProviderAccount
from tests.factories import campaigns as make
from tests.factories.delivery import make_contacts
from tests.support.smtp_server import Fault, SmtpServer

pytestmark = pytest.mark.usefixtures("committed_db")
PEOPLE = 700
SLOW = {number: Fault("DOT", "250 ok", delay=0.002) for number in range(PEOPLE)}


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer(SLOW) as running:
        config = {"host": "127.0.0.1", "port": running.port, "security": "none", "connections": 2}
        ProviderAccount.objects.create(name="server", kind="smtp", config=config)
        yield running


def _campaign() -> Campaign:
    campaign = make.frozen(make_contacts(*(f"p{number}@example.com" for number in range(PEOPLE)))).campaign
    make.work()
    return campaign


def _sending() -> threading.Thread:
    """A worker like any other, with a connection of its own."""

    def work() -> None:
        try:
            while pipeline.work_lane("bulk", seconds=1) or _some("claimed", "dispatching"):
                pass
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def _some(*states: str) -> bool:
    return Message.objects.filter(state__in=states).exists()


def _wait_for_the_first(server: SmtpServer) -> None:
    while not server.accepted:
        pass


def test_a_pause_ends_within_a_group_and_a_resume_neither_repeats_nor_skips(server: SmtpServer) -> None:
    campaign = _campaign()
    worker = _sending()
    _wait_for_the_first(server)
    services.pause(campaign, by=None)
    at_the_pause = len(server.accepted)
    worker.join()
    assert len(server.accepted) - at_the_pause <= pipeline.GROUP
    assert not pipeline.work_lane("bulk", seconds=5)
    paused = len(server.accepted)
    assert paused < PEOPLE
    assert selectors.waterfall(campaign).sent == paused
    services.resume(campaign, by=None)
    _sending().join()
    assert Counter(server.accepted) == dict.fromkeys(range(PEOPLE), 1)
    assert selectors.waterfall(campaign).sent == PEOPLE
    close_all()


def test_a_cancel_is_final(server: SmtpServer) -> None:
    campaign = _campaign()
    worker = _sending()
    _wait_for_the_first(server)
    services.cancel(campaign, by=None)
    at_the_cancel = len(server.accepted)
    worker.join()
    assert len(server.accepted) - at_the_cancel <= pipeline.GROUP
    while _some("ready"):
        ledger.sweep()
    make.work()
    account = selectors.waterfall(campaign)
    assert (account.sent, account.closes) == (len(server.accepted), True)
    assert account.sent + account.cancelled == PEOPLE
    close_all()
