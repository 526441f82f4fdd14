"""What a rule costs is told before it runs, and what would make it cheaper is one click away."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from compliance.models import AuditEntry
from config.lib import public_ids
from segments.compiler import contacts_matching
from segments.errors import SegmentTooSlow
from segments.models import Attribute, Contact, ContactList, ListMembership, Metric, Promotion
from segments.selectors import remedies as room
from segments.selectors.costs import COST_PER_SECOND, Plan, Reading, in_words, judge, plan, plan_of
from segments.selectors.looking import look
from segments.selectors.remedies import Count, Promote, metrics_wanted, remedies
from segments.services import promotions
from segments.services.attributes import register_attribute
from tests.conftest import CommittedDb
from tests.factories.api import person

URL = "/audience/segments/plan"
DEAR = Plan(1, COST_PER_SECOND * 9.0, (Reading("segments_contact", "", 1),), 10_000_000)
PLAN = {"field": "attributes.plan", "operator": "equals", "value": "pro"}
PRICING: dict[str, Any] = {
    "field": "event.page_viewed", "operator": "did",
    "value": {"where": [{"property": "path", "operator": "equals", "value": "/pricing"}]},
}  # fmt: skip


def _client(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


@pytest.fixture
def plan_attribute(db: None) -> Attribute:
    return register_attribute(name="plan", type="string")


@pytest.fixture
def crowd(committed_db: CommittedDb) -> Iterator[None]:
    """Twenty thousand people, of whom the planner has heard."""
    register_attribute(name="plan", type="string")
    Contact.objects.bulk_create(
        Contact(country="DE" if n % 50 == 0 else "US", attributes={"plan": "pro" if n % 100 == 0 else "free"})
        for n in range(20_000)
    )
    _told()
    yield
    connections["owner"].close()


def _told() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE segments_contact, segments_listmembership")


def test_it_says_which_indexes_serve_and_what_is_read_from_end_to_end(crowd: None) -> None:
    assert in_words(plan_of({"field": "country", "operator": "equals", "value": "DE"})) == [
        "uses the index on country, id"
    ]
    assert in_words(plan_of({"field": "language", "operator": "equals", "value": "de"})) == ["reads all 20,000 people"]
    assert in_words(plan_of({"field": "email", "operator": "equals", "value": "a@b.example"})) == [
        "uses the index on email"
    ]
    few = ContactList.objects.create(name="Few")
    ListMembership.objects.bulk_create(ListMembership(list=few, contact=one) for one in Contact.objects.all()[:300])
    _told()
    rule = {"field": "list", "operator": "in", "value": [public_ids.encode("list", few.pk)]}
    assert any("the members of lists" in words for words in in_words(plan_of(rule)))


def test_promotion_makes_the_plan_cheaper_and_is_seen_in_its_words(crowd: None) -> None:
    before = plan_of(PLAN)
    assert before.reads_everybody
    promotions.promote(Attribute.objects.get(name="plan"))
    promotions.carry_on(at=timezone.now())
    after = plan_of(PLAN)
    assert in_words(after) == ["uses the index on plan"]
    assert after.cost < before.cost / 2
    assert after.people == pytest.approx(200, rel=0.5)


def test_what_would_take_too_long_is_not_begun(crowd: None) -> None:
    rule = {"field": "language", "operator": "equals", "value": "de"}
    people = contacts_matching(rule)
    judge(people, seconds=1)
    with pytest.raises(SegmentTooSlow):
        judge(people, seconds=plan_of(rule).seconds / 10)
    with pytest.raises(SegmentTooSlow):
        look(rule, seconds=plan_of(rule).seconds / 10)


@pytest.mark.django_db
def test_people_who_cannot_be_cost_nothing() -> None:
    assert plan(Contact.objects.none()).cost == 0
    judge(Contact.objects.none(), seconds=0)


def test_a_dear_rule_is_answered_with_what_would_help(plan_attribute: Attribute) -> None:
    assert remedies(PLAN, DEAR) == [Promote("plan")]
    (wanted,) = remedies(PRICING, DEAR)
    assert isinstance(wanted, Count)
    assert (wanted.event_type, [one["property"] for one in wanted.filters]) == ("page_viewed", ["path"])
    cheap = Plan(1, 10.0, DEAR.readings, 100)
    assert remedies({"conditions": [PLAN, PRICING]}, cheap) == []


@pytest.mark.parametrize("rule", [
    {"not": PLAN}, {**PLAN, "operator": "not_equals"}, {**PLAN, "operator": "contains"},
    {"field": "country", "operator": "equals", "value": "DE"},
])  # fmt: skip
def test_no_index_is_offered_that_would_not_serve(plan_attribute: Attribute, rule: Any) -> None:
    assert remedies(rule, DEAR) == []


def test_what_is_under_way_is_shown_until_it_is_there(plan_attribute: Attribute) -> None:
    row = promotions.promote(plan_attribute)
    cheap = Plan(1, 10.0, (), 100)
    assert [one.state for one in remedies(PLAN, cheap)] == ["waiting"]
    Promotion.objects.update(state="failed", error="the disk is full")
    (failed,) = remedies(PLAN, cheap)
    assert isinstance(failed, Promote)
    assert failed.error == "the disk is full"
    Promotion.objects.filter(pk=row.pk).update(state="ready")
    assert remedies(PLAN, DEAR) == []


@pytest.mark.django_db
def test_progress_is_asked_of_postgres_by_the_application_itself() -> None:
    assert room.progress(Promotion(attribute_id=1)) == (0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("postrider_app",)


def test_the_panel_promotes_by_one_click_and_says_who_did(plan_attribute: Attribute) -> None:
    answer = _client("author").post(f"{URL}/promote", {"rule": json.dumps(PLAN), "attribute": "plan"})
    assert answer.status_code == 200
    assert "It is asked for" in answer.content.decode()
    assert Promotion.objects.get().attribute == plan_attribute
    assert AuditEntry.objects.filter(action="attribute_promoted").count() == 1


def test_who_may_not_change_contacts_may_not_promote(plan_attribute: Attribute) -> None:
    viewer = _client("viewer")
    assert viewer.post(f"{URL}/promote", {"rule": json.dumps(PLAN), "attribute": "plan"}).status_code == 403
    assert viewer.post(f"{URL}/count", {"rule": json.dumps(PRICING), "metric": "x"}).status_code == 403
    assert not Promotion.objects.exists()
    assert "What it costs" in viewer.post(URL, {"rule": json.dumps(PLAN)}).content.decode()


@pytest.mark.django_db
def test_only_a_metric_that_the_rule_wants_is_registered() -> None:
    client, before = _client("author"), Metric.objects.count()
    assert client.post(f"{URL}/count", {"rule": json.dumps(PRICING), "metric": "page_viewed_x0"}).status_code == 404
    assert Metric.objects.count() == before
    (wanted,) = metrics_wanted(PRICING)
    answer = client.post(f"{URL}/count", {"rule": json.dumps(PRICING), "metric": wanted.name})
    assert answer.status_code == 200
    assert Metric.objects.get(name=wanted.name).filters == PRICING["value"]["where"]
    assert metrics_wanted(PRICING) == []
    assert AuditEntry.objects.filter(action="metric_registered").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("rule", ["", "{", '{"field": "nope", "operator": "equals", "value": 1}', "[" * 100_000])
def test_what_is_no_rule_yet_costs_nothing(rule: str) -> None:
    answer = _client("viewer").post(URL, {"rule": rule})
    assert answer.status_code == 200
    assert "What it costs" not in answer.content.decode()
