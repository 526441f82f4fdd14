"""How long a campaign lasts, as its review says: by the slowest of accounts, campaign and mailbox providers."""

from datetime import timedelta

import pytest

from campaigns.views.outlooks import pace
from delivery.models import MailboxProvider, MailDomain, ProviderAccount
from delivery.throttle import groups
from segments.models import Contact
from tests.factories import campaigns
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def account() -> ProviderAccount:
    groups.forget()
    MailboxProvider.objects.update(rate_per_second=None)
    return ProviderAccount.objects.create(name="Relay", kind="smtp", config={"host": "localhost"}, rate_per_second=10)


def _people(domain: str, number: int) -> list[Contact]:
    return [contact(email=f"{domain}{n}@{domain}") for n in range(number)]


def test_without_limits_of_mailbox_providers_the_account_says_how_long() -> None:
    campaign = campaigns.campaign(_people("gmail.com", 20))
    found = pace(campaign, 20)
    assert (found.lasts, found.slowest) == (timedelta(seconds=2), None)


def test_the_slowest_mailbox_provider_says_how_long_known_by_name_or_by_mail_servers() -> None:
    slow = MailboxProvider.objects.create(slug="slow", name="Slow Mail", domains=["slow.example"], rate_per_second=2)
    MailDomain.objects.create(domain="served.example", provider=slow)
    groups.forget()
    people = [*_people("slow.example", 8), *_people("served.example", 4), *_people("quick.example", 20)]
    found = pace(campaigns.campaign(people), 32)
    assert found.slowest
    assert (found.slowest.name, found.slowest.per_second) == ("Slow Mail", 2)
    assert found.lasts == timedelta(seconds=6)


def test_a_domain_that_is_nobodys_has_the_limit_of_everybody_else_to_itself() -> None:
    MailboxProvider.objects.filter(is_default=True).update(rate_per_second=1)
    groups.forget()
    people = [*_people("one.example", 3), *_people("two.example", 5)]
    found = pace(campaigns.campaign(people), 8)
    assert found.slowest
    assert (found.slowest.name, found.lasts) == ("two.example", timedelta(seconds=5))


def test_an_account_that_minds_no_mailbox_providers_is_not_held_by_them(account: ProviderAccount) -> None:
    MailboxProvider.objects.filter(is_default=True).update(rate_per_second=1)
    ProviderAccount.objects.update(shaping=False)
    groups.forget()
    assert pace(campaigns.campaign(_people("one.example", 3)), 3).slowest is None
