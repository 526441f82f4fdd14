"""Who would get a campaign, told before its launch: as the gate decides about each of them."""

from itertools import product

import pytest
from django.utils import timezone

from campaigns import selectors
from campaigns.models import Campaign
from compliance.gate import Candidate
from compliance.models import Reason, Scope
from compliance.rules.suppression import NotSuppressed
from compliance.services.suppressions import suppress_email
from config.lib.addresses import address_hashes
from delivery.models import ProviderAccount
from delivery.selectors.ways import ways
from segments.models import Contact
from tests.factories import campaigns
from tests.factories.compliance import make_brand
from tests.factories.delivery import make_contacts, make_people

pytestmark = pytest.mark.django_db


def _suppressed_in_every_way(campaign: Campaign, people: list[Contact]) -> None:
    """Each of them by another scope and reason; the last ones by scopes that do not reach the campaign."""
    assert campaign.brand_id
    reaching = [(Scope.GLOBAL, 0), (Scope.BRAND, campaign.brand_id), (Scope.LIST, campaign.lists.get().pk)]
    elsewhere = [(Scope.BRAND, campaign.brand_id + 1000), (Scope.LIST, 10_000)]
    for person, ((scope, scope_id), reason) in zip(people, product([*reaching, *elsewhere], Reason), strict=True):
        suppress_email(person.email or "", scope=scope, scope_id=scope_id, reason=reason, source="test",
                       at=timezone.now())  # fmt: skip


@pytest.mark.parametrize("purpose", ["marketing", "transactional"])
def test_the_forecast_is_what_the_gate_decides_about_each_person(purpose: str) -> None:
    people = make_people(5 * len(Reason))
    campaign = campaigns.campaign([*people, *make_contacts(None)], purpose=purpose)
    _suppressed_in_every_way(campaign, people)
    lists = [campaign.lists.get().pk]
    asked = [
        Candidate(n, person.pk, 1, "email", purpose, campaign.brand_id or 0, lists, address_hashes(person.email or ""))
        for n, person in enumerate(people)
    ]
    decided = [verdict.reason for verdict in NotSuppressed().verdicts(asked, at=timezone.now()).values()]
    found = selectors.forecast(campaign)
    assert found.audience == len(people) + 1
    assert found.held == {"no_address": 1, **{reason: decided.count(reason) for reason in set(decided)}}
    assert found.reached == len(people) - len(decided)
    assert found.complete


def test_the_parts_of_an_audience_add_up() -> None:
    people = make_people(6)
    one, two, out = campaigns.listed(people[:4]), campaigns.listed(people[2:]), campaigns.listed(people[5:])
    campaign = campaigns.campaign(lists=[one, two], excluded_lists=[out])
    found = selectors.overlap(campaign)
    assert [(source.name, source.people) for source in found.sources] == [(one.name, 4), (two.name, 4)]
    assert (found.twice, found.excluded, found.audience) == (2, 1, 5)


def test_mail_goes_through_the_first_accounts_that_work_for_its_brand() -> None:
    ProviderAccount.objects.update(active=False)
    brand, other = make_brand("Ours"), make_brand("Theirs")
    first = ProviderAccount.objects.create(name="First", kind="smtp", priority=1, rate_per_second=20)
    same = ProviderAccount.objects.create(name="Same", kind="smtp", priority=1, rate_per_second=5, cost_per_message=2)
    ProviderAccount.objects.create(name="Later", kind="smtp", priority=2)
    theirs = ProviderAccount.objects.create(name="Theirs", kind="smtp", priority=0)
    theirs.brands.add(other)
    found = ways(brand.pk)
    assert [way.name for way in found.first] == [first.name, same.name]
    assert [way.name for way in found.later] == ["Later"]
    assert found.per_second == 25
    assert found.cost_each == 2
