"""Which account a message goes through, and when one is left alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from delivery import accounts
from delivery.accounts import Account
from delivery.accounts.breakers import TRIAL, take_trial
from delivery.accounts.health import LIMIT, LONGEST_REST, Health, Signs, after, rest, signs
from delivery.accounts.routing import Candidate, pick
from delivery.models import Breaker, Message, ProviderAccount
from delivery.pipeline import work_lane
from delivery.providers.base import Outcome, Receipt, Trouble
from tests.factories.compliance import make_brand
from tests.factories.delivery import make_contacts, make_order, plan
from tests.support.smtp_server import Fault, SmtpServer

AT = timezone.now()
DOWN = [Receipt(n, Outcome.NOT_BEGUN, Trouble.UNREACHABLE, "", "nobody there") for n in range(LIMIT)]
SENT = [Receipt(1, Outcome.SENT)]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    accounts.close_all()


def account(name: str, **fields: Any) -> ProviderAccount:
    config = {"host": "127.0.0.1", "port": 1}
    return ProviderAccount.objects.create(**{"name": name, "kind": "smtp", "config": config, **fields})


def chosen(*, lane: str = "bulk", brand_id: int = 0, message_id: int = 1) -> int | None:
    found = accounts.routes("email", lane).choose(brand_id=brand_id, message_id=message_id)
    return found.id if found else None


# By order, lane, brand and weight


@pytest.mark.django_db
def test_the_lowest_order_that_is_active_is_used() -> None:
    second, first = account("b", priority=20), account("a", priority=10)
    account("off", priority=1, active=False)
    assert chosen() == first.pk
    ProviderAccount.objects.filter(pk=first.pk).update(active=False)
    assert chosen() == second.pk


@pytest.mark.django_db
def test_an_account_of_other_lanes_or_brands_is_passed_over() -> None:
    ours, theirs = make_brand("Ours"), make_brand("Theirs")
    fast = account("fast", priority=1, lanes=["transactional"])
    own = account("own", priority=2)
    own.brands.add(ours)
    common = account("common", priority=3)
    assert chosen(lane="transactional", brand_id=theirs.pk) == fast.pk
    assert chosen(brand_id=ours.pk) == own.pk
    assert chosen(brand_id=theirs.pk) == common.pk


@pytest.mark.django_db
def test_an_account_that_cannot_be_used_is_passed_over() -> None:
    account("broken", priority=1, kind="mailgun", config={})
    good = account("good", priority=2)
    assert chosen() == good.pk


@pytest.mark.django_db
def test_routes_are_read_in_one_query(django_assert_num_queries: Any) -> None:
    for n in range(3):
        account(str(n)).brands.add(make_brand(str(n)))
    with django_assert_num_queries(1):
        routes = accounts.routes("email", "bulk")
        for n in range(50):
            routes.choose(brand_id=1, message_id=n)


def _candidates(*weights: int) -> list[Candidate]:
    return [Candidate(Account(n + 1, None), 1, weight, frozenset()) for n, weight in enumerate(weights)]  # type: ignore[arg-type]


def test_the_split_is_by_weight() -> None:
    counts = Counter(pick(_candidates(1, 2, 5), n).account.id for n in range(8000))
    assert [round(counts[n] / 1000) for n in (1, 2, 3)] == [1, 2, 5]


@given(st.integers(min_value=1, max_value=2**63 - 1), st.lists(st.integers(1, 9), min_size=2, max_size=5))
def test_the_split_is_stable_and_who_leaves_moves_only_its_own(message_id: int, weights: list[int]) -> None:
    all_of_them = _candidates(*weights)
    before = pick(all_of_them, message_id).account.id
    assert pick(all_of_them, message_id).account.id == before
    fewer = [one for one in all_of_them if one.account.id != len(weights)]
    if before != len(weights):
        assert pick(fewer, message_id).account.id == before


# The breaker


def test_what_shows_that_an_account_works_and_what_does_not() -> None:
    seen = signs(
        [
            Receipt(1, Outcome.SENT),
            Receipt(2, Outcome.PERMANENT, "address_permanent"),
            Receipt(3, Outcome.TRANSIENT, "transient"),
            Receipt(4, Outcome.NOT_BEGUN, retry_after_s=0),
            Receipt(5, Outcome.UNKNOWN),
            Receipt(6, Outcome.TRANSIENT, Trouble.ACCOUNT, "401", "wrong key"),
            Receipt(7, Outcome.NOT_BEGUN, Trouble.THROTTLED, "429", "", 9),
        ]
    )
    assert (seen.well, seen.ill, seen.wait_s) == (3, 3, 9)


def test_it_opens_after_so_many_in_a_row_and_not_before() -> None:
    one = Signs(0, 1, None, "down")
    health = Health()
    for _ in range(LIMIT - 1):
        health = after(health, one, at=AT)
    assert health.state == "closed"
    assert after(health, Signs(1, 0, None, ""), at=AT) == Health()
    assert after(health, one, at=AT).state == "open"


def test_a_large_share_of_a_group_opens_it_too() -> None:
    assert after(Health(), Signs(9, 11, None, "down"), at=AT).state == "open"
    assert after(Health(), Signs(11, 9, None, "down"), at=AT).state == "closed"


def test_it_rests_longer_with_each_trial_that_fails_to_a_limit() -> None:
    health, rests = after(Health(), Signs(0, LIMIT, None, "down"), at=AT), []
    for _ in range(10):
        assert health.retry_at
        rests.append(health.retry_at - AT)
        health = after(Health("half_open", health.failures), Signs(0, 1, None, "down"), at=AT)
    assert rests == sorted(rests)
    assert rests[0] == rest(LIMIT)
    assert rests[-1] == LONGEST_REST
    assert after(Health("half_open", health.failures), Signs(1, 0, None, ""), at=AT) == Health()


def test_one_that_asks_us_to_wait_rests_for_exactly_as_long() -> None:
    health = after(Health(), Signs(10, 1, 7, "429"), at=AT)
    assert (health.state, health.failures, health.retry_at) == ("open", 0, AT + timedelta(seconds=7))


@pytest.mark.django_db
def test_an_outage_fails_over_and_a_good_trial_comes_back(django_assert_num_queries: Any) -> None:
    first, second = account("first", priority=1), account("second", priority=2)
    here = accounts.routes("email", "bulk").choose(brand_id=0, message_id=1)
    assert here
    with django_assert_num_queries(0):  # nothing is written while all is well
        accounts.report(here, SENT, at=AT)
    accounts.report(here, DOWN, at=timezone.now())
    breaker = Breaker.objects.get()
    assert (breaker.state, breaker.account_id) == ("open", first.pk)
    assert "nobody there" in breaker.reason
    assert accounts.rests(here)
    assert chosen() == second.pk

    Breaker.objects.update(retry_at=timezone.now())
    trying, others = accounts.routes("email", "bulk"), accounts.routes("email", "bulk")
    tried = [trying.choose(brand_id=0, message_id=n) for n in range(TRIAL + 5)]
    assert [one.id for one in tried if one] == [first.pk] * TRIAL + [second.pk] * 5
    other = others.choose(brand_id=0, message_id=1)
    assert other
    assert other.id == second.pk  # one worker tries
    assert not accounts.rests(here)

    assert tried[0]
    accounts.report(tried[0], SENT, at=timezone.now())
    assert Breaker.objects.get().state == "closed"
    assert chosen() == first.pk


@pytest.mark.django_db
def test_a_trial_that_nobody_ends_is_taken_by_another() -> None:
    row = account("a")
    Breaker.objects.create(account=row, state="open", retry_at=AT)
    assert take_trial(row.pk, at=AT)
    assert not take_trial(row.pk, at=AT)
    assert take_trial(row.pk, at=AT + timedelta(hours=1))


@pytest.mark.django_db
def test_through_the_recipe_the_second_account_takes_over_and_nobody_gets_it_twice() -> None:
    with SmtpServer(faults={n: Fault("DOT", "", drop=True) for n in range(1000)}) as bad, SmtpServer() as good:
        account("bad", priority=1, config={"host": "127.0.0.1", "port": bad.port})
        account("good", priority=2, config={"host": "127.0.0.1", "port": good.port})
        order = make_order()
        plan(order, make_contacts(*(f"p{n}@example.com" for n in range(20))))
        for _ in range(3):
            Message.objects.filter(state="ready").update(due_at=timezone.now())
            work_lane("bulk", seconds=5)
        states = Counter(Message.objects.values_list("state", flat=True))
        taken_twice = len(bad.accepted) + len(good.accepted) - 20
    assert set(states) == {"sent", "unknown"}  # what may have gone out through the first goes through no other
    assert states["unknown"] == len(bad.accepted)
    assert states["sent"] == len(good.accepted)
    assert taken_twice == 0


@pytest.mark.django_db
def test_the_price_goes_along() -> None:
    account("a", cost_per_message=Decimal("0.0004"))
    found = accounts.routes("email", "bulk").choose(brand_id=0, message_id=1)
    assert found
    assert found.cost == Decimal("0.0004")
