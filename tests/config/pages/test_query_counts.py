"""How many queries each page asks, with demo data: none grows unseen."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.demo import content
from config.page_list import addresses
from tests.conftest import CommittedDb

MOST = 8
# Those of pages that show more than one thing. The session and its user are two of each.
PINNED = {
    "event-types": 9,
    "contact": 22,
    "home": 17,
    "sending": 17,
    "contacts": 14,
    "campaign-audience": 12,
    "campaign": 12,
    "list": 11,
    "event-type": 11,
    "campaigns": 10,
    "segment-members": 10,
    "attributes": 9,
    "template": 9,
}


@pytest.fixture
def client_of_the_demo(committed_db: CommittedDb) -> Client:
    content.set_up(120)
    client = Client()
    client.force_login(User.objects.create_superuser("reader"))
    return client


def test_no_page_asks_more_than_is_written_down(client_of_the_demo: Client) -> None:
    asked = {}
    for entry, url in addresses():
        client_of_the_demo.get(url)  # what a process keeps is kept now
        with CaptureQueriesContext(connection) as queries:
            answer = client_of_the_demo.get(url)
        assert answer.status_code in (200, 302), entry.name
        asked[entry.name] = len(queries)
    assert {name: n for name, n in asked.items() if n > PINNED.get(name, MOST)} == {}
