"""Conditions on events: exact at the edges of their windows, understood in the seeds' words, refused where they err."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.compiler import contacts_matching
from segments.errors import InvalidCriteria
from segments.explaining import explain
from segments.models import Contact, EventType, Metric
from segments.predicates.base import Catalogue, Leaf
from segments.predicates.events import metric_wanted
from segments.services.event_types import register_event_type, register_metric
from segments.trees import normalise, read
from tests.factories.events import AT, event, take

pytestmark = pytest.mark.django_db
HOUR, MINUTE, MOMENT = timedelta(hours=1), timedelta(minutes=1), timedelta(microseconds=1)
DAYS_14 = timedelta(days=14)
PRICING = {"property": "path", "operator": "equals", "value": "/pricing"}


def did(name: str, value: Any = None, operator: str = "did") -> dict[str, Any]:
    return {"field": f"event.{name}", "operator": operator} | ({} if value is None else {"value": value})


def times(operator: str, number: Any, **more: Any) -> dict[str, Any]:
    return {"count": {"operator": operator, "value": number}, **more}


def people(rule: Any, at: datetime = AT, among: Collection[int] | None = None) -> list[str]:
    return sorted(str(one.external_id) for one in contacts_matching(rule, at=at, among=among))


def viewed(*ats: datetime, who: str = "ana", **properties: Any) -> None:
    take(*(event(user_id=who, at=at, properties=properties) for at in ats), at=AT)


def test_more_than_twice_in_14_days_is_exact_at_the_edge() -> None:
    viewed(AT - DAYS_14, AT - 5 * HOUR, AT, path="/pricing")
    viewed(AT - DAYS_14 - MOMENT, AT - 5 * HOUR, AT, path="/pricing", who="ben")
    viewed(AT, AT, AT, path="/", who="cleo")
    rule = did("page_viewed", times("greater_than", 2, within="14_days", where=[PRICING]))
    assert people(rule) == ["ana"]
    assert people({"not": rule}) == ["ben", "cleo"]
    assert people(rule, at=AT + MOMENT) == []


@pytest.mark.parametrize("counted", [True, False])
def test_an_hour_that_the_edge_cuts_is_looked_up_in_the_log(counted: bool) -> None:
    if not counted:
        Metric.objects.filter(name="page_viewed").update(log_end=1)
    edge = AT + 30 * MINUTE - timedelta(days=1)
    viewed(edge - MOMENT, edge, edge + MINUTE)
    viewed(edge - MINUTE, edge - MOMENT, edge + MINUTE, who="ben")
    at = AT + 30 * MINUTE
    assert people(did("page_viewed", times("equals", 2, within="1_day")), at=at) == ["ana"]
    assert people(did("page_viewed", times("less_than", 2, within="24_hours")), at=at) == ["ben"]
    day = [(edge - HOUR).isoformat(), (edge - MOMENT).isoformat()]
    assert people(did("page_viewed", times("greater_than", 1, between=day)), at=at) == ["ben"]


def test_of_somebody_ahead_of_time_the_window_is_looked_through() -> None:
    viewed(AT - HOUR, AT + 4 * MINUTE)
    viewed(AT + 4 * MINUTE, who="ben")
    assert people(did("page_viewed", {"within": "2_hours"})) == ["ana"]


def test_never_counts_people_who_did_nothing_at_all() -> None:
    Contact.objects.create(external_id="cleo")
    viewed(AT, AT)
    viewed(AT, who="ben")
    assert people(did("page_viewed", operator="did_not")) == ["cleo"]
    assert people(did("page_viewed", times("less_than", 2))) == ["ben", "cleo"]
    assert people(did("page_viewed", times("equals", 0))) == ["cleo"]
    assert people(did("page_viewed", times("equals", 0), "did_not")) == ["ana", "ben"]


def test_what_was_spent_adds_up_exactly() -> None:
    take(*(event("order_completed", user_id="ana", properties={"total": 0.1}) for _ in range(3)))
    exact = did("order_completed", {"sum": {"operator": "equals", "value": 0.3}})
    assert people(exact) == ["ana"]
    assert normalise(exact)["conditions"][0]["value"]["sum"]["property"] == "total"
    assert people(did("order_completed", {"sum": {"operator": "gt", "value": 0.3}, "within": "1_hour"})) == []


def test_the_first_time_and_the_last() -> None:
    viewed(AT - 40 * 24 * HOUR, AT - HOUR)
    viewed(AT - HOUR, who="ben")
    assert people(did("page_viewed", {"first": {"operator": "within_last", "value": "30_days"}})) == ["ben"]
    assert people(did("page_viewed", {"last": {"operator": "within_last", "value": "30_days"}})) == ["ana", "ben"]


def test_one_batch_is_asked_by_its_ids() -> None:
    for name in ("ana", "ben", "cleo"):
        viewed(AT, AT, who=name)
    batch = list(Contact.objects.exclude(external_id="cleo").values_list("pk", flat=True))
    rule = did("page_viewed", times("greater_than", 1, within="1_day"))
    assert people(rule, among=batch) == ["ana", "ben"]
    assert "ANY" in str(contacts_matching(rule, among=batch).query)


def test_a_long_absence_is_an_anti_join() -> None:
    for value in ({"within": "14_days"}, None, times("greater_than", 2, within="14_days")):
        assert "Anti Join" in contacts_matching(did("page_viewed", value, "did_not")).explain()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"field": "events.product_viewed", "operator": "exists", "value": "last_7_days"},
         did("product_viewed", {"within": "7_days"})),
        ({"field": "events.product_purchased", "operator": "not_exists", "value": "last_7_days"},
         did("product_purchased", {"within": "7_days"}, "did_not")),
        (did("page_viewed"), did("page_viewed", {})),
        (did("page_viewed", {"filters": [{**PRICING, "operator": "eq"}], "in_last": "14 days"}),
         did("page_viewed", {"within": "14_days", "where": [PRICING]})),
        (did("page_viewed", {"where": []}), did("page_viewed", {})),
    ],
)  # fmt: skip
def test_other_spellings_are_understood(given: Any, kept: Any) -> None:
    assert normalise(given)["conditions"] == [kept]
    assert normalise(kept)["conditions"] == [kept]


@pytest.mark.parametrize(
    ("leaf", "pointer", "words"),
    [
        (did("page_veiwed"), "/field", "did you mean 'event.page_viewed'"),
        (did("page_viewed", {"where": [{**PRICING, "property": "paht"}]}), "/value/where/0/property", "'path'"),
        (did("page_viewed", {"where": [{**PRICING, "operator": "greater_than"}]}), "/value/where/0/operator", "equals"),
        (did("page_viewed", {"where": [{**PRICING, "value": 7}]}), "/value/where/0/value", "a text in quotes"),
        (did("page_viewed", times("greater_than", -1)), "/value/count/value", "whole number"),
        (did("page_viewed", times("greater_than", 1.5)), "/value/count/value", "whole number"),
        (did("page_viewed", times("contains", 1)), "/value/count/operator", "no comparison"),
        (did("page_viewed", {"sum": {"operator": "gt", "value": 1}}), "/value/sum/property", "added up"),
        (did("order_completed", {"sum": {"property": {}, "operator": "gt", "value": 1}}), "/value/sum/property", "no"),
        (did("page_viewed", {"within": "14_fortnights"}), "/value/within", "a period such as"),
        (did("page_viewed", {"within": "1_day", "between": ["today", "today"]}), "/value/between", "one of within"),
        (did("page_viewed", {"withn": "1_day"}), "/value/withn", "did you mean 'within'"),
        (did("page_viewed", {"first": {"operator": "gt", "value": "today"}, "within": "1_day"}), "/value/within", "by"),
        (did("page_viewed", 3), "/value", "expects an object"),
        (did("page_viewed", {"where": [PRICING] * 21}), "/value/where", "at most 20"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(leaf: Any, pointer: str, words: str) -> None:
    with pytest.raises(InvalidCriteria) as told:
        normalise(leaf)
    [error] = told.value.errors
    assert error.pointer == pointer
    assert words in error.detail


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["path", "1_day"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["count", "sum", "first", "within", "between", "where", "property", "operator", "value",
                             "campaigns", "machines", "?"]), inner, max_size=4)
    ),
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=_json, field=st.sampled_from(["event.page_viewed", "event.order_completed", "message.opened",
                                           "country_group", "purchases.total_spent", "suppressed_because"]),
       operator=st.sampled_from(["did", "in", "between", "equals"]))  # fmt: skip
def test_whatever_is_written_is_a_rule_or_told(catalogue: Catalogue, value: Any, field: str, operator: str) -> None:
    with suppress(InvalidCriteria):
        read({"field": field, "operator": operator, "value": value}, catalogue)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.load()


def test_hostile_text_reaches_the_database_as_a_parameter_only() -> None:
    hostile = """/x") || (1==1) '; DROP TABLE segments_contact; -- %s {} {contact}"""
    viewed(AT, path="/")
    for window in ({}, {"within": "14_days"}):
        rule = did("page_viewed", {"where": [{**PRICING, "value": hostile}], **window})
        statement, _ = contacts_matching(rule).query.sql_with_params()
        assert "DROP" not in statement
        assert people(rule) == []
    viewed(AT, path=hostile, who="ben")
    assert people(rule) == ["ben"]


def _leaf(rule: Any) -> Leaf:
    [leaf] = read(rule, Catalogue.load()).conditions
    assert isinstance(leaf, Leaf)
    return leaf


def test_a_condition_that_reads_the_log_says_which_metric_would_spare_it() -> None:
    rule = did("page_viewed", times("gt", 2, where=[PRICING]))
    assert metric_wanted(_leaf(rule)) == ("page_viewed", [PRICING], "")
    viewed(AT, AT, AT, path="/pricing")
    before = people(rule)
    register_metric(name="prices", event_type=EventType.objects.get(name="page_viewed"), filters=[PRICING])
    assert metric_wanted(_leaf(rule)) == ("page_viewed", [PRICING], "")  # until it has counted what was there
    assert people(rule) == before == ["ana"]
    Metric.objects.filter(name="prices").update(counted_to=10**9)
    assert metric_wanted(_leaf(rule)) is None
    assert metric_wanted(_leaf(did("page_viewed"))) is None
    by_coupon = did("order_completed", {"sum": {"property": "discount", "operator": "gt", "value": 1}})
    assert metric_wanted(_leaf(by_coupon)) == ("order_completed", [], "discount")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (times("greater_than", 2, within="14_days", where=[PRICING]),
         "has viewed a page where path is “/pricing” more than 2 times in the last 14 days"),
        ({}, "has viewed a page"),
        (times("greater_than_or_equal", 1, within="1_day"), "has viewed a page at least once in the last day"),
        (times("between", [2, 5], between=["2026-01-01", "today"]),
         "has viewed a page between 2 and 5 times between 2026-01-01 and today"),
        ({"first": {"operator": "within_last", "value": "30_days"}},
         "has viewed a page, the first time within the last 30 days"),
        ({"where": [{"property": "path", "operator": "in", "value": ["/a", "/b"]},
                    {"property": "title", "operator": "not_exists"}]},
         "has viewed a page where path is one of “/a” or “/b” and title is not known"),
    ],
)  # fmt: skip
def test_it_reads_as_people_say_it(value: Any, words: str) -> None:
    assert explain(did("page_viewed", value)) == f"Contacts where the contact {words}."


def test_deeds_are_named_by_their_event() -> None:
    register_event_type(name="ping", schema={"type": "object", "properties": {}})
    names = {"order_completed": "completed an order", "signed_up": "signed up", "ping": "ping"}
    for name, words in names.items():
        assert explain(did(name, operator="did_not")) == f"Contacts where the contact has not {words}."
    spent = {"sum": {"property": "total", "operator": "gt", "value": 100}}
    assert explain(did("order_completed", spent)) == (
        "Contacts where the contact has completed an order, total adding up to more than 100."
    )
