"""The order of an opt-out: its own commit, then what is in flight, then the answer."""

import threading
import time

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from compliance.models import Reason, Scope, Suppression
from compliance.services.suppressions import suppress_email, unsubscribe
from config.lib.addresses import address_hash
from delivery import ledger
from delivery.ledger import Settlement
from delivery.models import Message
from tests.conftest import CommittedDb
from tests.factories.compliance import make_token
from tests.factories.delivery import make_contacts, make_order, plan

EMAIL = "ben@example.com"


def _suppress() -> bool:
    return suppress_email(EMAIL, scope=Scope.GLOBAL, scope_id=0, reason=Reason.MANUAL, source="test", at=timezone.now())


def _in_flight() -> tuple[int, int]:
    """A message to the address that a worker has begun: its id and attempt."""
    plan(make_order(), make_contacts(EMAIL))
    claimed = ledger.claim("bulk", "email", limit=1)
    ((message_id, attempt),) = ledger.begin({c.id: address_hash(EMAIL).key for c in claimed}, account_id=1).items()
    return message_id, attempt


def test_inside_somebodys_transaction_it_is_refused(committed_db: CommittedDb) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        _suppress()


def test_the_admin_waits_after_its_commit(committed_db: CommittedDb) -> None:
    boss = get_user_model().objects.create_superuser("boss")
    client = Client()
    client.force_login(boss)
    message_id, attempt = _in_flight()
    seen: list[bool] = []

    def settle_later() -> None:
        time.sleep(0.3)
        seen.append(Suppression.objects.exists())  # by another connection: it is committed while the admin waits
        ledger.settle([Settlement(message_id, attempt, Message.State.SENT, "sent")])
        connection.close()

    worker = threading.Thread(target=settle_later)
    worker.start()
    begun = time.monotonic()
    answer = client.post(
        "/admin/compliance/suppression/add/", {"email": EMAIL, "scope": "global", "scope_id": "0", "note": "asked"}
    )
    worker.join()
    assert answer.status_code == 302
    assert time.monotonic() - begun >= 0.3
    assert seen == [True]


def test_it_is_laid_under_every_live_key(committed_db: CommittedDb, settings: pytest.FixtureRequest) -> None:
    settings.ADDRESS_KEYS = ((9, b"n" * 32), *settings.ADDRESS_KEYS)  # type: ignore[attr-defined]
    _suppress()
    assert set(Suppression.objects.values_list("key_id", flat=True)) == {9, 1}


def test_a_link_under_an_old_key_waits_for_what_it_cannot_recognise(
    committed_db: CommittedDb, settings: pytest.FixtureRequest
) -> None:
    """The person of the link is gone; the address may be on the wire under the new key."""
    (gone,) = make_contacts("gone@example.com")
    order = make_order()
    token = make_token(gone, order.brand)
    gone.delete()
    settings.ADDRESS_KEYS = ((9, b"n" * 32), *settings.ADDRESS_KEYS)  # type: ignore[attr-defined]
    message_id, attempt = _in_flight()

    def settle_later() -> None:
        time.sleep(0.3)
        ledger.settle([Settlement(message_id, attempt, Message.State.SENT, "sent")])
        connection.close()

    worker = threading.Thread(target=settle_later)
    worker.start()
    begun = time.monotonic()
    unsubscribe(token, source="test", at=timezone.now())
    worker.join()
    assert time.monotonic() - begun >= 0.25
