"""A message that kills its workers ends as a dead letter, and the others get away from it (STANDARDS B11.2-3)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from delivery import ledger
from delivery.models import DeadLetter, DeliveryEvent, Lane, Message
from delivery.selectors.ledger import waterfall
from tests.factories.delivery import make_order, make_people, plan

pytestmark = pytest.mark.django_db
BATCH = 300


def _claim(limit: int = BATCH) -> list[ledger.Claimed]:
    return ledger.claim(Lane.BULK, "email", limit=limit)


def _die() -> None:
    """The worker is killed with its batch claimed, and the lease runs out."""
    Message.objects.filter(state="claimed").update(lease_until=timezone.now() - timedelta(hours=1))
    ledger.sweep()


def _send(claimed: list[ledger.Claimed]) -> None:
    attempts = ledger.begin({c.id: c.id for c in claimed}, account_id=1)
    ledger.settle([ledger.Settlement(pk, n, Message.State.SENT, "sent") for pk, n in attempts.items()])


def test_the_culprit_travels_in_ever_smaller_batches_and_ends_alone_and_all_others_are_sent() -> None:
    order = make_order()
    messages = plan(order, make_people(BATCH))
    culprit = messages[150].pk
    deaths = []
    while claimed := _claim():
        if culprit in {c.id for c in claimed}:
            deaths.append(len(claimed))
            _die()
        else:
            _send(claimed)
    assert deaths == [300, 37, 4, 1, 1]
    assert waterfall(order.campaign_id).reasons == {"sent": {"": 299}, "failed": {"poison": 1}}
    letter = DeadLetter.objects.get()
    assert (letter.message_id, letter.reason, letter.error) == (culprit, "poison", "Workers that died over it: 5.")
    assert DeliveryEvent.objects.filter(message_id=culprit, kind="failed", reason="poison").count() == 1


def test_suspects_wait_behind_what_was_due_before_and_do_not_travel_with_others() -> None:
    order = make_order()
    messages = plan(order, make_people(600))
    first = {c.id for c in _claim()}
    _die()
    second = {c.id for c in _claim()}
    assert second == {m.pk for m in messages} - first
    assert {c.id for c in _claim()} < first


def test_a_death_is_counted_for_messages_that_were_claimed_not_for_what_was_handed_over() -> None:
    plan(make_order(), make_people(2))
    ledger.begin({c.id: c.id for c in _claim()[:1]}, account_id=1)
    Message.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    ledger.sweep()
    assert set(Message.objects.values_list("state", "losses")) == {("unknown", 0), ("ready", 1)}


def test_a_test_send_leaves_no_dead_letter() -> None:
    order = make_order()
    type(order).objects.filter(pk=order.pk).update(campaign_id=0)
    plan(order, make_people(1))
    for _ in range(5):
        _claim()
        _die()
    assert Message.objects.get().reason == "poison"
    assert not DeadLetter.objects.exists()
