"""What nobody knows of: heard of later in any order, asked for, and sent again where its order says so (B1.4)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as laws
from hypothesis import strategies as st
from pytest_django import Settings

from config.lib import public_ids
from config.lib.errors import NotFound
from delivery import dispositions, ledger, pipeline
from delivery.accounts import close_all, seal_secret
from delivery.dispositions import Truth
from delivery.models import DeadLetter, DeliveryEvent, Lane, Message, ProviderAccount, Purpose, SendOrder
from delivery.providers.base import Outcome
from delivery.selectors.ledger import is_settled
from delivery.services import unknowns
from delivery.services.orders import close_orders
from tests.factories.delivery import make_contacts, make_order, make_people, plan
from tests.support.fake_esps import KEY, FakeEsps

pytestmark = pytest.mark.django_db
S = Message.State


def _begun(order: SendOrder | None = None, **fields: object) -> tuple[SendOrder, int, int]:
    order = order or make_order(**fields)  # type: ignore[arg-type]
    plan(order, make_people(1))
    return (order, *_begin())


def _begin() -> tuple[int, int]:
    claimed = ledger.claim(Lane.BULK, "email", limit=1)
    ((message_id, attempt),) = ledger.begin({c.id: c.id for c in claimed}, account_id=1).items()
    return message_id, attempt


def _die() -> None:
    Message.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(hours=1))
    ledger.sweep()


def _kinds(message_id: int) -> list[str]:
    return list(DeliveryEvent.objects.filter(message_id=message_id).order_by("id").values_list("kind", flat=True))


def test_what_a_provider_says_later_ends_an_unknown_message() -> None:
    _, sent, _ = _begun()
    _die()
    assert unknowns.learn(sent, Outcome.SENT)
    assert not unknowns.learn(sent, Outcome.SENT)
    assert (Message.objects.get(pk=sent).state, _kinds(sent)) == ("sent", ["unknown", "sent", "resolved"])
    _, refused, _ = _begun()
    _die()
    assert unknowns.learn(refused, Outcome.PERMANENT, detail="spam")
    assert Message.objects.values_list("state", "reason").get(pk=refused) == ("failed", "refused_later")
    assert DeadLetter.objects.values_list("message_id", "error").get() == (refused, "spam")


def test_an_answer_that_comes_before_our_own_settlement_is_the_one_that_counts() -> None:
    """A webhook is faster than the answer to the request, and then the worker dies."""
    _, message_id, attempt = _begun()
    assert unknowns.learn(message_id, Outcome.SENT)
    _die()
    assert Message.objects.get(pk=message_id).state == "sent"
    assert ledger.settle([ledger.Settlement(message_id, attempt, S.UNKNOWN, "unknown", "no_reply")]) == set()
    assert _kinds(message_id) == ["sent"]


def test_what_is_to_be_sent_again_but_turns_out_to_have_been_sent_is_not() -> None:
    order, message_id, _ = _begun()
    _die()
    dispositions.send_again(dispositions.Unknowns(order.campaign_id))
    assert unknowns.learn(message_id, Outcome.SENT)
    assert ledger.claim(Lane.BULK, "email", limit=1) == []


@laws(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), truths=st.lists(st.sampled_from([S.SENT, S.FAILED]), min_size=1, max_size=5))
def test_truths_in_any_order_and_any_number_lead_to_one_end(data: st.DataObject, truths: list[Message.State]) -> None:
    """Law: sent when any of them says so; the figures of the log agree with it."""
    ends = set()
    for order in (truths, data.draw(st.permutations(truths)), [*truths, *truths]):
        _, message_id, _ = _begun()
        _die()
        for state in order:
            dispositions.learn([Truth(message_id, state, "" if state == S.SENT else "refused_later")])
        ends.add(Message.objects.get(pk=message_id).state)
        kinds = _kinds(message_id)
        assert kinds.count("rejected") - kinds.count("readmitted") == (ends == {"failed"})
        assert kinds.count("sent") == (ends == {"sent"})
        assert kinds.count("unknown") == kinds.count("resolved")
        assert DeadLetter.objects.filter(message_id=message_id, resolution="").exists() == (ends == {"failed"})
    assert ends == {"sent" if S.SENT in truths else "failed"}


def test_a_message_is_found_by_its_metadata_and_by_its_message_id() -> None:
    _, message_id, _ = _begun()
    reference = unknowns.references([message_id])[message_id]
    token = public_ids.encode("message", message_id)
    assert reference.startswith(f"{token}@")
    assert {unknowns.message_of(given) for given in (token, reference, f"<{reference}>")} == {message_id}
    for nonsense in ("", "<>", "x@y", public_ids.encode("message", message_id + 1000)):
        with pytest.raises(NotFound):
            unknowns.message_of(nonsense)


def test_providers_are_asked_for_what_nobody_knows(settings: Settings) -> None:
    order = make_order()
    plan(order, make_contacts("p0@example.com", "p1@example.com", "p2@example.com"))
    with FakeEsps({1: "accept_then_500", 2: "accept_then_drop"}) as fake:
        settings.PROVIDER_API_URLS = fake.urls()
        ProviderAccount.objects.create(
            name="mailgun", kind="mailgun", config={"domain": "mg.acme.test"}, sealed_secret=seal_secret(KEY)
        )
        pipeline.work_lane("bulk", seconds=30)
        lost = set(Message.objects.filter(state="unknown").values_list("pk", flat=True))
        assert lost
        assert unknowns.reconcile() == len(lost)
    close_all()
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert len(fake.accepted()) == 3
    assert unknowns.reconcile() == 0


def test_transactional_mail_that_says_so_is_sent_again_by_itself_and_is_not_over_before() -> None:
    order, message_id, attempt = _begun(purpose=Purpose.TRANSACTIONAL, resend_unknown=True)
    ledger.settle([ledger.Settlement(message_id, attempt, S.UNKNOWN, "unknown", "no_reply")])
    assert not is_settled(order.campaign_id)
    ledger.sweep()
    assert Message.objects.get().state == "ready"
    assert _begin() == (message_id, attempt + 1)
    ledger.settle([ledger.Settlement(message_id, attempt + 1, S.SENT, "sent")])
    assert is_settled(order.campaign_id)
    assert _kinds(message_id) == ["unknown", "resolved", "sent"]


def test_it_is_begun_at_most_so_often(settings: Settings) -> None:
    settings.SEND_MAX_ATTEMPTS_UNKNOWN = 3
    order, message_id, _ = _begun(purpose=Purpose.TRANSACTIONAL, resend_unknown=True)
    for _ in range(2):
        _die()
        Message.objects.update(due_at=timezone.now())
        _begin()
    _die()
    assert Message.objects.values_list("state", "attempt").get(pk=message_id) == ("unknown", 3)
    assert is_settled(order.campaign_id)


@pytest.mark.parametrize("spoil", [close_orders, lambda campaign_id: None])
def test_what_does_not_say_so_or_was_cancelled_stays_unknown(spoil: Callable[[int], object]) -> None:
    order, message_id, _ = _begun(resend_unknown=spoil is close_orders)
    spoil(order.campaign_id)
    _die()
    ledger.sweep()
    assert Message.objects.get(pk=message_id).state == "unknown"
    assert is_settled(order.campaign_id)
