"""Throttles in the recipe: who waits, for what, and who does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest
from django.conf import settings
from django.utils import timezone
from redis import Redis

from delivery import pipeline, throttle
from delivery.accounts import Account, close_all
from delivery.models import Lane, MailboxProvider, MailDomain, Message, ProviderAccount
from delivery.providers import Outcome, Receipt
from delivery.selectors.ledger import waterfall
from delivery.selectors.throttles import waiting
from delivery.services import mailbox_providers
from delivery.services.throttles import wake, wake_raised
from delivery.throttle import Because, Demand, buckets, levels
from tests.factories.delivery import make_order, make_people, plan
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running
    close_all()


@pytest.fixture
def relay(server: SmtpServer) -> ProviderAccount:
    _old_epoch()
    return ProviderAccount.objects.create(name="r", kind="smtp", config={"host": "127.0.0.1", "port": server.port})


@dataclass(frozen=True)
class _Through:
    """An account as far as throttles look at it."""

    id: int


def _account(row: ProviderAccount) -> Account:
    return _Through(row.pk)  # type: ignore[return-value]


def _old_epoch() -> None:
    """Redis has been up for long, so unused buckets are full."""
    buckets.take([])
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.hset(buckets.EPOCH, "at", 1.0)


def _limit(slug: str, **fields: object) -> MailboxProvider:
    MailboxProvider.objects.filter(slug=slug).update(**fields)
    throttle.forget()
    return MailboxProvider.objects.get(slug=slug)


def _demands(*domains: str, order: int = 1, sending: str = "acme.example", rate: int | None = None) -> list[Demand]:
    return [Demand(n, order, Lane.BULK, rate, sending, domain) for n, domain in enumerate(domains)]


def _waits(demands: list[Demand], row: ProviderAccount) -> dict[int, str]:
    admission = throttle.admit(demands, _account(row), at=timezone.now())
    admission.close()
    return {number: str(wait.reason) for number, wait in admission.waits.items()}


def test_what_has_no_limit_is_not_asked_about(relay: ProviderAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    assert _waits(_demands("a.example", "b.example"), relay) == {}


def test_an_account_with_a_limit_sends_so_many_and_the_others_wait_in_line(
    relay: ProviderAccount, server: SmtpServer
) -> None:
    ProviderAccount.objects.filter(pk=relay.pk).update(rate_per_second=2)
    order = make_order()
    plan(order, make_people(6))
    pipeline.work_lane("bulk", seconds=0.01)
    waits = Message.objects.filter(order=order, state="ready").order_by("due_at")
    assert waterfall(order.campaign_id).reasons == {"sent": {"": 1}, "ready": {"throttled_account": 5}}
    turns = [message.due_at for message in waits]
    assert [round((b - a).total_seconds(), 1) for a, b in pairwise(turns)] == [0.5] * 4


def test_what_waits_for_its_turn_goes_out_without_a_bell(relay: ProviderAccount, server: SmtpServer) -> None:
    ProviderAccount.objects.filter(pk=relay.pk).update(rate_per_second=20)
    order = make_order()
    plan(order, make_people(30))
    pipeline.work_lane("bulk", seconds=5)
    assert waterfall(order.campaign_id).reasons == {"sent": {"": 30}}
    assert throttle.waits()[Because.ACCOUNT] > 0


def test_a_campaign_rate_holds_for_that_campaign_alone(relay: ProviderAccount) -> None:
    assert _waits(_demands("a.example", "a.example", order=1, rate=60), relay) == {1: "throttled_campaign"}
    assert _waits(_demands("a.example", "a.example", order=2, rate=120), relay) == {1: "throttled_campaign"}
    assert _waits(_demands("a.example", "a.example", order=3), relay) == {}


def test_each_domain_of_nobodys_has_a_bucket_of_its_own(relay: ProviderAccount) -> None:
    _limit("default", rate_per_second=1)
    domains = ["a.example", "a.example", "b.example", "b.example"]
    assert _waits(_demands(*domains), relay) == {1: "throttled_provider", 3: "throttled_provider"}


def test_each_sending_domain_has_a_bucket_of_its_own(relay: ProviderAccount) -> None:
    _limit("google", rate_per_second=1)
    assert _waits(_demands("gmail.com"), relay) == {}
    assert _waits(_demands("googlemail.com"), relay) == {0: "throttled_provider"}
    assert _waits(_demands("gmail.com", sending="other.example"), relay) == {}


def test_a_workspace_domain_is_in_the_bucket_of_google(relay: ProviderAccount) -> None:
    google = _limit("google", rate_per_second=1)
    MailDomain.objects.create(domain="firm.example", provider=google, mx="aspmx.l.google.com")
    assert _waits(_demands("firm.example", "gmail.com", "small.example"), relay) == {1: "throttled_provider"}


def test_a_domain_met_for_the_first_time_is_noted_for_dns(relay: ProviderAccount) -> None:
    throttle.admit(_demands("new.example", "gmail.com"), _account(relay), at=timezone.now())
    assert list(MailDomain.objects.values_list("domain", "checked_at")) == [("new.example", None)]


@pytest.mark.parametrize(("kind", "shaping", "waits"), [("mailbox", None, 0), ("mailbox", True, 1), ("smtp", False, 0)])
def test_an_account_may_leave_the_shaping_to_its_end(
    relay: ProviderAccount, kind: str, shaping: bool | None, waits: int
) -> None:
    _limit("default", rate_per_second=1)
    ProviderAccount.objects.filter(pk=relay.pk).update(kind=kind, shaping=shaping)
    assert len(_waits(_demands("a.example", "a.example"), relay)) == waits


def test_without_redis_what_has_a_limit_waits_and_goes_out_once_it_is_back(
    relay: ProviderAccount, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProviderAccount.objects.filter(pk=relay.pk).update(rate_per_second=1000)
    order = make_order()
    plan(order, make_people(80))
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    pipeline.work_lane("bulk", seconds=5)
    assert waterfall(order.campaign_id).reasons == {"ready": {"throttle_away": 80}}
    last = Message.objects.filter(order=order).latest("due_at").due_at
    assert last < timezone.now() + timedelta(seconds=30)
    monkeypatch.undo()
    Message.objects.filter(order=order).update(due_at=timezone.now())
    throttle.forget()  # a second later
    pipeline.work_lane("bulk", seconds=5)
    assert waterfall(order.campaign_id).reasons == {"sent": {"": 80}}


@contextmanager
def _observed(row: ProviderAccount, domain: str, outcome: Outcome, code: str, words: str) -> Iterator[None]:
    receipt = Receipt(0, outcome, "sender_policy", code, words)
    throttle.observe(_demands(domain), [receipt], _account(row), at=timezone.now())
    yield


TSS04 = "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints"


def test_a_deferral_for_reputation_slows_that_provider_alone(relay: ProviderAccount) -> None:
    with _observed(relay, "yahoo.com", Outcome.TRANSIENT, "421 4.7.0", TSS04):
        domains = ["yahoo.com", "aol.com", "gmail.com", "gmail.com", "small.example", "small.example"]
        assert _waits(_demands(*domains), relay) == {1: "slowed"}
    yahoo = MailboxProvider.objects.get(slug="yahoo")
    assert yahoo.slowed_until and yahoo.slowed_until > timezone.now() + timedelta(minutes=119)
    assert "TSS04" in yahoo.slowed_reason
    assert MailboxProvider.objects.filter(slowed_until__isnull=False).count() == 1


def test_a_domain_of_nobodys_is_slowed_by_itself(relay: ProviderAccount) -> None:
    words = "temporarily deferred"
    with _observed(relay, "small.example", Outcome.TRANSIENT, "451 4.0.0", words):
        domains = ["small.example", "small.example", "other.example", "other.example"]
        assert _waits(_demands(*domains), relay) == {1: "slowed"}
    assert MailDomain.objects.get(domain="small.example").slowed_reason == words


def test_a_slowed_provider_is_restored_by_time(relay: ProviderAccount) -> None:
    _limit("yahoo", slowed_until=timezone.now() - timedelta(seconds=1))
    assert _waits(_demands("yahoo.com", "yahoo.com"), relay) == {}


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [
        (Outcome.TRANSIENT, "451 4.7.1", "Greylisted, please try again in 300 seconds"),
        (Outcome.TRANSIENT, "452 4.2.2", "mailbox full"),
        (Outcome.PERMANENT, "550 5.7.1", "blocked for its reputation"),
        (Outcome.SENT, "250", "ok"),
    ],
)
def test_other_answers_slow_nobody(relay: ProviderAccount, outcome: Outcome, code: str, words: str) -> None:
    with _observed(relay, "yahoo.com", outcome, code, words):
        assert not MailboxProvider.objects.filter(slowed_until__isnull=False).exists()


def _parked(reason: str, count: int, *, hours: float) -> None:
    order = make_order()
    plan(order, make_people(count))
    Message.objects.filter(order=order).update(reason=reason, due_at=timezone.now() + timedelta(hours=hours))


def test_a_raised_limit_brings_forward_what_waits_for_it(relay: ProviderAccount) -> None:
    _parked(Because.PROVIDER, 20, hours=0.5)
    _parked(Because.ACCOUNT, 3, hours=0.5)
    assert wake([Because.PROVIDER], rate_per_second=1) == 20
    soon = Message.objects.filter(due_at__lt=timezone.now() + timedelta(seconds=6))
    assert sorted(soon.values_list("reason", flat=True)) == [Because.PROVIDER] * 20
    assert len(set(soon.values_list("due_at", flat=True))) == 20


def test_a_limit_raised_by_anybody_wakes_what_waits_for_it(relay: ProviderAccount) -> None:
    _limit("google", rate_per_second=1)
    _waits(_demands("gmail.com", "gmail.com"), relay)
    _parked(Because.PROVIDER, 5, hours=0.5)
    assert wake_raised() == 0
    _limit("google", rate_per_second=50)
    assert wake_raised() == 5
    assert wake_raised() == 0


def test_a_raise_is_not_missed_when_somebody_sends_at_the_new_rate_first(relay: ProviderAccount) -> None:
    _waits(_demands("a.example", "a.example", order=7, rate=60), relay)
    order = make_order(rate_per_minute=6000)
    with Redis.from_url(settings.REDIS_URL) as redis:  # as if it had been used at one a second
        redis.rename("throttle:campaign:7", f"throttle:campaign:{order.pk}")
        redis.zadd(buckets.BUSY, {f"throttle:campaign:{order.pk}": 2e9})
    plan(order, make_people(3))
    Message.objects.update(reason=Because.CAMPAIGN, due_at=timezone.now() + timedelta(hours=0.5))
    _waits(_demands("a.example", order=order.pk, rate=6000), relay)
    assert wake_raised() == 3


def test_when_a_slow_down_ends_what_waited_for_it_comes(relay: ProviderAccount) -> None:
    _limit("yahoo", slowed_until=timezone.now() + timedelta(hours=1))
    assert _waits(_demands("yahoo.com", "yahoo.com"), relay) == {1: "slowed"}
    _parked(Because.SLOWED, 5, hours=0.5)
    assert wake_raised() == 0
    _limit("yahoo", slowed_until=timezone.now())
    assert wake_raised() == 5


def test_what_would_come_sooner_anyway_is_not_put_off(relay: ProviderAccount) -> None:
    _parked(Because.PROVIDER, 5, hours=0.001)
    assert wake([Because.PROVIDER], rate_per_second=0.01) == 0


def test_what_waits_is_told_by_reason_with_its_turns(relay: ProviderAccount) -> None:
    _parked(Because.PROVIDER, 3, hours=1)
    _parked(Because.SLOWED, 2, hours=2)
    found = {row.reason: (row.count, row.more) for row in waiting()}
    assert found == {"throttled_provider": (3, False), "slowed": (2, False)}
    assert all(row.first_due <= row.last_due for row in waiting())


def test_the_buckets_that_make_others_wait_are_told(relay: ProviderAccount) -> None:
    _limit("google", rate_per_second=1)
    _waits(_demands(*["gmail.com"] * 4), relay)
    (level,) = levels.levels()
    assert level.bucket == "provider:acme.example:google"
    assert (level.rate_per_second, round(level.line_s)) == (1, 4)


def test_editing_a_provider_takes_effect_and_says_what_cannot_stand(relay: ProviderAccount) -> None:
    google = MailboxProvider.objects.get(slug="google")
    mailbox_providers.save_mailbox_provider(
        google, {"rate_per_second": 1.0, "domains": ["GMAIL.com", "bücher.example"]}
    )
    assert google.domains == ["gmail.com", "xn--bcher-kva.example"]
    assert _waits(_demands("xn--bcher-kva.example", "gmail.com"), relay) == {1: "throttled_provider"}
