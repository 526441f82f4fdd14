"""What a campaign costs, and that it never costs more than it may."""

import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from delivery import accounts, budgets, ledger
from delivery.accounts import Account
from delivery.ledger import Claimed, Settlement
from delivery.models import Budget, Charge, Message, ProviderAccount, SendOrder
from delivery.pipeline import work_lane
from delivery.selectors.budgets import charged, exhausted
from delivery.services.budgets import set_budget
from tests.factories.delivery import make_contacts, make_order, make_people, plan
from tests.support.smtp_server import Fault, SmtpServer

PRICE = Decimal("0.010000")


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        config = {"host": "127.0.0.1", "port": running.port}
        ProviderAccount.objects.create(name="priced", kind="smtp", config=config, cost_per_message=PRICE)
        yield running
    accounts.close_all()


def planned(count: int, *, amount: str | None = None) -> SendOrder:
    order = make_order()
    if amount is not None:
        set_budget(campaign_id=order.campaign_id, amount=Decimal(amount))
    plan(order, make_people(count))
    return order


@pytest.mark.django_db
def test_what_was_sent_is_charged_at_the_price_of_then(server: SmtpServer) -> None:
    order = planned(3)
    work_lane("bulk", seconds=5)
    ProviderAccount.objects.update(cost_per_message=Decimal("0.5"))
    assert charged(order.campaign_id) == 3 * PRICE
    plan(order, make_people(2))
    work_lane("bulk", seconds=5)
    assert charged(order.campaign_id) == 3 * PRICE + 2 * Decimal("0.5")


@pytest.mark.django_db
def test_what_was_not_taken_is_given_back(server: SmtpServer) -> None:
    server.faults = {n: Fault("DOT", "550 5.1.1 nobody") for n in range(10)}
    order = planned(0, amount="0.03")
    plan(order, make_contacts(*(f"p{n}@example.com" for n in range(3))))
    work_lane("bulk", seconds=5)
    assert server.accepted == []
    assert charged(order.campaign_id) == 0
    assert Budget.objects.get().charged == 0


@pytest.mark.django_db
def test_it_stops_before_it_has_cost_more_and_goes_on_with_more_money(server: SmtpServer) -> None:
    order = planned(10, amount="0.04")
    work_lane("bulk", seconds=5)
    assert len(server.accepted) == 4
    waiting = Message.objects.filter(order=order, state="ready")
    assert set(waiting.values_list("reason", flat=True)) == {"budget_spent"}
    assert exhausted([order.campaign_id]) == {order.campaign_id}
    set_budget(campaign_id=order.campaign_id, amount=Decimal("0.06"))
    waiting.update(due_at=timezone.now())
    assert exhausted([order.campaign_id]) == set()
    work_lane("bulk", seconds=5)
    assert len(server.accepted) == 6
    set_budget(campaign_id=order.campaign_id, amount=None)
    waiting.update(due_at=timezone.now())
    work_lane("bulk", seconds=5)
    assert len(server.accepted) == 10


@pytest.mark.django_db
def test_a_campaign_without_money_holds_back_no_other(server: SmtpServer) -> None:
    poor, rich = planned(5, amount="0.00"), planned(5)
    work_lane("bulk", seconds=5)
    assert Message.objects.filter(order=poor, state="sent").count() == 0
    assert Message.objects.filter(order=rich, state="sent").count() == 5


@pytest.mark.django_db
def test_without_a_price_nothing_is_counted() -> None:
    planned(1, amount="0.00")
    (claimed,) = ledger.claim("bulk", "email", limit=1)
    free = Account(1, None)  # type: ignore[arg-type]
    attempts, unpaid = budgets.begin({claimed.id: 1}, [claimed], free)
    assert (len(attempts), unpaid) == (1, set())
    assert not Charge.objects.exists()
    assert exhausted([1]) == set()


@pytest.mark.django_db
def test_a_charge_is_never_changed() -> None:
    Charge.objects.create(campaign_id=1, account_id=1, messages=1, cost_each=PRICE)
    with pytest.raises(DatabaseError), transaction.atomic():
        Charge.objects.update(messages=0)


@pytest.mark.usefixtures("committed_db")
def test_many_workers_never_spend_more_than_there_is() -> None:
    """Real transactions at once: claims, intents, outcomes of which a third are given back, again and again."""
    order = planned(400, amount="1.23")
    spent_too_much = []

    def work(number: int) -> None:
        account = Account(number, None, PRICE)  # type: ignore[arg-type]
        try:
            while claimed := ledger.claim("bulk", "email", limit=7):
                attempts, unpaid = budgets.begin({c.id: c.id for c in claimed}, claimed, account)
                begun = [c for c in claimed if c.id in attempts]
                ledger.settle_unbegun([Settlement(pk, _attempt(claimed, pk), Message.State.SKIPPED) for pk in unpaid])
                budgets.settle([_outcome(c, attempts[c.id]) for c in begun], begun, account)
                if charged(order.campaign_id) > Decimal("1.23"):
                    spent_too_much.append(number)
        finally:
            connection.close()

    crew = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    sent = Message.objects.filter(order=order, state="sent").count()
    assert spent_too_much == []
    assert sent == 123  # all that the money was for, since what was refused was given back
    assert charged(order.campaign_id) == Budget.objects.get().charged == sent * PRICE
    assert Charge.objects.aggregate(n=Sum("messages"))["n"] == sent


def _attempt(claimed: list[Claimed], pk: int) -> int:
    return next(c.attempt for c in claimed if c.id == pk)


def _outcome(claimed: Claimed, attempt: int) -> Settlement:
    state = Message.State.FAILED if claimed.id % 3 == 0 else Message.State.SENT
    return Settlement(claimed.id, attempt, state)
