"""The recipe over a real SMTP server: who gets what, and what the ledger says of it."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from compliance.models import Reason, Scope, Suppression
from compliance.services.suppressions import suppress_email
from config.lib.addresses import address_hash
from delivery import ledger, pipeline
from delivery.accounts import close_all
from delivery.models import DeliveryEvent, Message, ProviderAccount, Purpose, SendOrder
from delivery.selectors.ledger import waterfall
from delivery.services.orders import close_orders, hold_orders
from segments.models import Contact
from tests.factories.delivery import make_contacts, make_order, make_version, plan
from tests.support.smtp_server import Fault, SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """A real SMTP server that misbehaves for the people a test names: p0@…, p1@…"""
    with SmtpServer() as running:
        ProviderAccount.objects.create(
            name="server", kind="smtp", config={"host": "127.0.0.1", "port": running.port, "security": "none"}
        )
        yield running
    close_all()


def _people(count: int) -> list[Contact]:
    return make_contacts(*(f"p{number}@example.com" for number in range(count)))


def _work() -> None:
    pipeline.work_lane("bulk", seconds=30)


def _reasons(order: SendOrder) -> dict[str, dict[str, int]]:
    return waterfall(order.campaign_id).reasons


def test_everybody_gets_one_message_and_the_log_says_so(server: SmtpServer) -> None:
    order = make_order()
    plan(order, _people(120))
    _work()
    assert sorted(server.accepted) == list(range(120))
    assert _reasons(order) == {"sent": {"": 120}}
    assert DeliveryEvent.objects.filter(kind="sent", campaign_id=order.campaign_id).count() == 120


def test_the_gate_skips_who_opted_out_after_planning(server: SmtpServer) -> None:
    order = make_order()
    contacts = make_contacts("p0@example.com", "p1@example.com")
    plan(order, contacts)
    # as an opt-out whose skipping came before this message was planned
    suppress_email("p1@example.com", scope=Scope.BRAND, scope_id=order.brand_id, reason=Reason.UNSUBSCRIBED,
                   source="test", at=timezone.now())  # fmt: skip
    Message.objects.filter(order=order).update(state="ready", reason="", settled_at=None)
    _work()
    assert server.accepted == [0]
    assert _reasons(order) == {"sent": {"": 1}, "skipped": {"unsubscribed": 1}}


def test_an_address_changed_since_planning_is_gated_by_the_new_one(server: SmtpServer) -> None:
    order = make_order()
    (ben,) = make_contacts("old@example.com")
    plan(order, [ben])
    suppress_email("new@example.com", scope=Scope.GLOBAL, scope_id=0, reason=Reason.MANUAL, source="test",
                   at=timezone.now())  # fmt: skip
    Contact.objects.filter(pk=ben.pk).update(email="new@example.com", email_key=address_hash("new@example.com").key)
    _work()
    assert server.accepted == []
    assert _reasons(order) == {"skipped": {"manual": 1}}
    assert Message.objects.get(order=order).address_key == address_hash("new@example.com").key


def test_a_pause_between_claim_and_dispatch_holds_the_message(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    plan(order, _people(3))
    begin = ledger.begin
    monkeypatch.setattr(ledger, "begin", lambda *a, **k: (hold_orders(order.campaign_id), begin(*a, **k))[1])
    _work()
    assert server.accepted == []
    assert _reasons(order) == {"ready": {"campaign_paused": 3}}


def test_a_cancel_between_claim_and_dispatch_cancels_the_message(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    plan(order, _people(3))
    begin = ledger.begin
    monkeypatch.setattr(ledger, "begin", lambda *a, **k: (close_orders(order.campaign_id), begin(*a, **k))[1])
    _work()
    assert server.accepted == []
    assert _reasons(order) == {"cancelled": {"campaign_cancelled": 3}}


def test_a_missing_merge_tag_skips_that_person_alone(server: SmtpServer) -> None:
    order = make_order(version=make_version("<p>{{ first_name }}</p>", missing_policy="skip"))
    ana, ben = make_contacts("p0@example.com", "p1@example.com")
    Contact.objects.filter(pk=ana.pk).update(first_name="Ana")
    plan(order, [ana, ben])
    _work()
    assert server.accepted == [0]
    assert _reasons(order) == {"sent": {"": 1}, "skipped": {"missing_merge_tag": 1}}
    assert "first_name" in DeliveryEvent.objects.get(kind="skipped", campaign_id=order.campaign_id).detail


def test_a_render_error_fails_that_person_alone(server: SmtpServer) -> None:
    order = make_order(version=make_version("<p>{{ 10 | divided_by: mrr }}</p>"))
    ana, ben = make_contacts("p0@example.com", "p1@example.com")
    Contact.objects.filter(pk=ana.pk).update(attributes={"mrr": 2})
    Contact.objects.filter(pk=ben.pk).update(attributes={"mrr": 0})
    plan(order, [ana, ben])
    _work()
    assert server.accepted == [0]
    assert _reasons(order) == {"sent": {"": 1}, "failed": {"render_error": 1}}


def test_without_a_server_messages_wait_and_nothing_is_lost() -> None:
    ProviderAccount.objects.create(
        name="down", kind="smtp", config={"host": "127.0.0.1", "port": 1, "security": "none"}
    )
    order = make_order()
    plan(order, _people(3))
    _work()
    assert _reasons(order) == {"ready": {"not_begun": 3}}
    assert Message.objects.filter(due_at__gt=timezone.now() + timedelta(seconds=5)).count() == 3


def test_without_a_provider_messages_wait_with_the_reason() -> None:
    order = make_order()
    plan(order, _people(2))
    _work()
    assert _reasons(order) == {"ready": {"no_provider": 2}}


def test_transactional_mail_has_no_unsubscribe_header(server: SmtpServer) -> None:
    order = make_order(purpose=Purpose.TRANSACTIONAL)
    plan(order, _people(1))
    _work()
    assert b"List-Unsubscribe" not in server.bodies[0]


def test_marketing_mail_carries_one_click_and_no_address_in_any_url(server: SmtpServer) -> None:
    plan(make_order(), _people(1))
    _work()
    mail = message_from_bytes(server.bodies[0], policy=policy.default)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http")
    assert "p0@" not in mail["List-Unsubscribe"]
    assert mail["List-Id"] and mail["Feedback-ID"] and mail["Message-ID"]


@pytest.mark.parametrize(
    ("fault", "reasons", "event", "suppressed"),
    [
        (Fault("RCPT", "550 5.1.1 no such user"), {"failed": {"address_permanent": 1}}, "bounced", True),
        (Fault("DOT", "550 5.7.515 Access denied"), {"failed": {"sender_policy": 1}}, "rejected", False),
        (Fault("RCPT", "552 5.2.2 mailbox full"), {"failed": {"mailbox_temporary": 1}}, "bounced", False),
        (Fault("DOT", "450 4.2.0 try again"), {"ready": {"transient": 1}}, "deferred", False),
        (Fault("DATA", drop=True), {"ready": {"transient": 1}}, "deferred", False),
        (Fault("DOT", drop=True), {"unknown": {"no_reply": 1}}, "unknown", False),
    ],
)
def test_each_outcome_is_settled_by_its_rule_and_the_others_are_sent(
    server: SmtpServer, fault: Fault, reasons: dict[str, dict[str, int]], event: str, suppressed: bool
) -> None:
    server.faults = {1: fault}
    order = make_order()
    plan(order, _people(3))
    _work()
    assert {0, 2} <= set(server.accepted)
    assert _reasons(order) == {"sent": {"": 2}, **reasons}
    assert DeliveryEvent.objects.filter(campaign_id=order.campaign_id, kind=event).count() == 1
    assert Suppression.objects.filter(scope="global", reason="bounced").exists() is suppressed


def test_a_deferred_message_goes_out_at_its_next_attempt(server: SmtpServer) -> None:
    server.faults = {0: Fault("DOT", "421 4.3.2 shutting down", times=1)}
    order = make_order()
    plan(order, _people(1))
    _work()
    assert Message.objects.get(order=order).due_at > timezone.now() + timedelta(minutes=4)
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    _work()
    assert _reasons(order) == {"sent": {"": 1}}
    assert Message.objects.get(order=order).attempt == 2


def test_a_campaign_that_cannot_be_written_does_not_stop_the_lane(server: SmtpServer) -> None:
    bad, good = make_order(), make_order()
    bad.sender.from_email = "not an address"
    bad.sender.save()
    plan(bad, make_contacts("p5@example.com"))
    plan(good, _people(3))
    _work()
    assert sorted(server.accepted) == [0, 1, 2]
    assert _reasons(bad) == {"ready": {"order_unusable": 1}}


def test_an_unusable_account_is_passed_over(server: SmtpServer) -> None:
    ProviderAccount.objects.create(name="broken", kind="smtp", config={"port": "many"}, priority=1)
    order = make_order()
    plan(order, _people(2))
    _work()
    assert _reasons(order) == {"sent": {"": 2}}


def test_a_nul_in_a_servers_words_does_not_cost_the_group_its_outcome(server: SmtpServer) -> None:
    server.faults = {1: Fault("DOT", "250 2.0.0 taken \0 indeed")}
    order = make_order()
    plan(order, _people(3))
    _work()
    assert _reasons(order) == {"sent": {"": 3}}


def test_a_gate_rule_with_a_fault_sends_nothing_and_loses_nothing(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise ZeroDivisionError

    order = make_order()
    plan(order, _people(3))
    monkeypatch.setattr("delivery.pipeline.decide", fail)
    _work()
    assert server.accepted == []
    assert _reasons(order) == {"ready": {"not_begun": 3}}


def test_a_dead_address_hidden_behind_an_unsubscribe_still_stops_transactional_mail(server: SmtpServer) -> None:
    (ben,) = make_contacts("p1@example.com")
    for reason in (Reason.UNSUBSCRIBED, Reason.BOUNCED):
        suppress_email("p1@example.com", scope=Scope.GLOBAL, scope_id=0, reason=reason, source="test",
                       at=timezone.now())  # fmt: skip
    order = make_order(purpose=Purpose.TRANSACTIONAL)
    plan(order, [ben])
    _work()
    assert _reasons(order) == {"skipped": {"bounced": 1}}
