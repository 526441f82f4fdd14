"""The ledger's statements, each against its promise."""

from datetime import timedelta

import pytest
from django.utils import timezone

from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress_email
from delivery import ledger
from delivery.ledger import Settlement
from delivery.models import DeliveryEvent, Lane, Message, Purpose, SendOrder, SendTally
from delivery.selectors.ledger import is_settled, waterfall
from delivery.services.orders import close_orders, hold_orders, plan_messages, resume_orders
from tests.factories.delivery import make_contacts, make_order, make_people, plan

pytestmark = pytest.mark.django_db
S = Message.State


def _states(order: SendOrder) -> dict[str, int]:
    return waterfall(order.campaign_id).states


def _claim(limit: int = 100, lane: str = Lane.BULK) -> list[ledger.Claimed]:
    return ledger.claim(lane, "email", limit=limit)


def _begin(claimed: list[ledger.Claimed]) -> dict[int, int]:
    return ledger.begin({c.id: 1000 + c.id for c in claimed}, account_id=1)


def _expire_leases() -> None:
    Message.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(hours=1))


def test_planning_twice_is_one_message_each() -> None:
    order, people = make_order(), make_people(5)
    ids = [p.pk for p in people]
    assert plan_messages(order, ids, due_at=timezone.now()) == 5
    assert plan_messages(order, [*ids, ids[0]], due_at=timezone.now()) == 0
    assert _states(order) == {"ready": 5}


def test_who_has_no_address_is_skipped_with_the_reason_and_an_event() -> None:
    order = make_order()
    contacts = make_contacts("ana@example.com", None)
    plan_messages(order, [c.pk for c in contacts] + [999_999_999], due_at=timezone.now())
    assert waterfall(order.campaign_id).reasons == {
        "ready": {"": 1},
        "skipped": {"no_address": 1, "contact_gone": 1},
    }
    assert DeliveryEvent.objects.filter(kind="skipped", campaign_id=order.campaign_id).count() == 2


def test_what_is_not_due_is_not_claimed() -> None:
    order = make_order()
    plan_messages(order, [make_people(1)[0].pk], due_at=timezone.now() + timedelta(minutes=1))
    assert _claim() == []


def test_lanes_do_not_see_each_other() -> None:
    plan(make_order(lane=Lane.TRIGGERED), make_people(1))
    assert _claim(lane=Lane.BULK) == []
    assert len(_claim(lane=Lane.TRIGGERED)) == 1


def test_a_small_campaign_gets_its_share_beside_a_large_one() -> None:
    large, small = make_order(), make_order()
    plan(large, make_people(100))
    plan(small, make_people(10))
    claimed = _claim(20)
    assert sum(c.order_id == small.pk for c in claimed) == 10
    assert len(claimed) == 20


def test_a_held_order_is_not_claimed_and_goes_on_after_it_is_resumed() -> None:
    order = make_order()
    plan(order, make_people(3))
    hold_orders(order.campaign_id)
    assert _claim() == []
    resume_orders(order.campaign_id)
    assert len(_claim()) == 3


def test_only_one_of_two_workers_may_begin_a_message() -> None:
    plan(make_order(), make_people(3))
    claimed = _claim()
    assert len(_begin(claimed)) == 3
    assert _begin(claimed) == {}


def test_a_claim_that_ran_out_is_ready_again_and_its_late_worker_cannot_begin() -> None:
    order = make_order()
    plan(order, make_people(2))
    late = _claim()
    _expire_leases()
    ledger.sweep()
    assert _states(order) == {"ready": 2}
    assert _begin(late) == {}
    assert len(_begin(_claim())) == 2


def test_a_dispatch_whose_lease_ran_out_is_unknown_and_not_sent_again() -> None:
    order = make_order()
    plan(order, make_people(2))
    _begin(_claim())
    _expire_leases()
    ledger.sweep()
    assert _states(order) == {"unknown": 2}
    assert _claim() == []
    assert DeliveryEvent.objects.filter(kind="unknown", campaign_id=order.campaign_id).count() == 2


def test_a_late_answer_turns_unknown_into_the_truth() -> None:
    order = make_order()
    plan(order, make_people(1))
    ((message_id, attempt),) = _begin(_claim()).items()
    _expire_leases()
    ledger.sweep()
    assert ledger.settle([Settlement(message_id, attempt, S.SENT, "sent")]) == {message_id}
    assert _states(order) == {"sent": 1}


def test_settling_twice_holds_once() -> None:
    order = make_order()
    plan(order, make_people(1))
    ((message_id, attempt),) = _begin(_claim()).items()
    settlement = Settlement(message_id, attempt, S.SENT, "sent")
    assert ledger.settle([settlement]) == {message_id}
    assert ledger.settle([settlement]) == set()
    assert DeliveryEvent.objects.filter(kind="sent", message_id=message_id).count() == 1


def test_a_worker_of_an_earlier_attempt_cannot_settle_a_later_one() -> None:
    order = make_order()
    plan(order, make_people(1))
    ((message_id, first),) = _begin(_claim()).items()
    ledger.settle([Settlement(message_id, first, S.READY, "deferred", "transient")])
    assert _begin(_claim()) == {message_id: first + 1}
    assert ledger.settle([Settlement(message_id, first, S.FAILED, "failed")]) == set()
    assert _states(order) == {"dispatching": 1}


def test_a_deferred_message_waits_for_its_time() -> None:
    plan(make_order(), make_people(1))
    ((message_id, attempt),) = _begin(_claim()).items()
    ledger.settle([Settlement(message_id, attempt, S.READY, "deferred", due_at=timezone.now() + timedelta(minutes=5))])
    assert _claim() == []


def test_opting_out_skips_what_waits_in_the_scope_and_nothing_else() -> None:
    contacts = make_contacts("ben@example.com", "ana@example.com")
    mine, other, reset = make_order(), make_order(), make_order(purpose=Purpose.TRANSACTIONAL)
    for order in (mine, other, reset):
        plan(order, contacts)
    suppress_email(
        "ben@example.com", scope=Scope.BRAND, scope_id=mine.brand_id, reason=Reason.UNSUBSCRIBED, source="test",
        at=timezone.now(),
    )  # fmt: skip
    assert waterfall(mine.campaign_id).reasons == {"skipped": {"unsubscribed": 1}, "ready": {"": 1}}
    assert _states(other) == _states(reset) == {"ready": 2}


def test_a_dead_address_is_skipped_in_transactional_mail_too() -> None:
    (ben,) = make_contacts("ben@example.com")
    order = make_order(purpose=Purpose.TRANSACTIONAL)
    plan(order, [ben])
    suppress_email(
        "ben@example.com", scope=Scope.GLOBAL, scope_id=0, reason=Reason.BOUNCED, source="test", at=timezone.now()
    )
    assert _states(order) == {"skipped": 1}


def test_cancelled_orders_are_ended_in_chunks() -> None:
    order = make_order()
    plan(order, make_people(7))
    claimed = _claim(2)
    close_orders(order.campaign_id)
    assert not is_settled(order.campaign_id)
    ledger.sweep(limit=3)
    ledger.sweep(limit=3)
    assert _states(order) == {"cancelled": 5, "claimed": 2}
    _expire_leases()
    ledger.sweep()
    ledger.sweep()
    assert _states(order) == {"cancelled": 7}
    assert _begin(claimed) == {}
    assert is_settled(order.campaign_id)


def test_an_expired_order_skips_what_still_waits() -> None:
    order = make_order(expires_at=timezone.now() - timedelta(seconds=1))
    plan(order, make_people(2))
    assert _claim() == []
    ledger.sweep()
    assert waterfall(order.campaign_id).reasons == {"skipped": {"expired": 2}}


def test_with_more_orders_than_places_none_starves() -> None:
    orders = [make_order() for _ in range(8)]
    for order in orders:
        plan(order, make_people(20))
    claimed_of = {c.order_id for _ in range(40) for c in _claim(4)}
    assert claimed_of == {order.pk for order in orders}


def test_not_sent_after_all_is_ready_again_or_failed_when_its_order_has_ended() -> None:
    order = make_order()
    plan(order, make_people(2))
    attempts = _begin(_claim())
    _expire_leases()
    ledger.sweep()
    first, second = attempts
    ledger.settle([Settlement(first, attempts[first], S.READY, "deferred", "transient")])
    close_orders(order.campaign_id)
    ledger.settle([Settlement(second, attempts[second], S.READY, "deferred", "transient")])
    assert waterfall(order.campaign_id).reasons == {"ready": {"transient": 1}, "failed": {"order_ended": 1}}


def test_who_left_a_list_is_skipped_in_a_campaign_to_that_list() -> None:
    order = make_order(audience_lists=[5])
    plan(order, make_contacts("ben@example.com"))
    suppress_email(
        "ben@example.com", scope=Scope.LIST, scope_id=5, reason=Reason.UNSUBSCRIBED, source="test", at=timezone.now()
    )
    assert _states(order) == {"skipped": 1}


def test_a_settled_group_leaves_one_tally_for_each_order_and_account() -> None:
    first, second = make_order(), make_order()
    plan(first, make_people(4))
    plan(second, make_people(1))
    claimed = _claim()
    attempts = _begin(claimed)
    ends = [(S.SENT, "sent"), (S.FAILED, "bounced"), (S.UNKNOWN, "unknown"), (S.READY, "deferred")]
    mine = [c for c in claimed if c.order_id == first.pk]
    other = [c for c in claimed if c.order_id == second.pk]
    ledger.settle(
        [Settlement(c.id, attempts[c.id], *end) for c, end in zip(mine, ends, strict=True)]
        + [Settlement(c.id, attempts[c.id], S.SKIPPED, "skipped") for c in other]
    )
    fields = ("order_id", "provider_account_id", "sent", "failed", "deferred", "unknown", "skipped")
    assert set(SendTally.objects.values_list(*fields)) == {
        (first.pk, 1, 1, 1, 1, 1, 0),
        (second.pk, 1, 0, 0, 0, 0, 1),
    }


def test_what_was_only_put_back_leaves_no_tally() -> None:
    plan(make_order(), make_people(2))
    ledger.settle_unbegun([Settlement(c.id, c.attempt, S.READY, reason="throttled") for c in _claim()])
    assert not SendTally.objects.exists()


def test_old_tallies_are_forgotten() -> None:
    SendTally.objects.create(order_id=1, at=timezone.now() - timedelta(hours=ledger.TALLY_HOURS, minutes=1))
    recent = SendTally.objects.create(order_id=1)
    ledger.forget_tallies()
    assert SendTally.objects.get() == recent
