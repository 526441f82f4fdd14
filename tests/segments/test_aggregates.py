"""What it all came to: known of everybody, in the seeds' words, net of what was given back."""

from typing import Any

import pytest

from segments.compiler import contacts_matching
from segments.explaining import explain
from segments.models import Attribute, Contact, EventType, Metric
from segments.services.event_types import register_metric
from segments.trees import normalise
from tests.factories.events import AT, event, take

pytestmark = pytest.mark.django_db


def leaf(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator} | ({} if value is None else {"value": value})


def people(rule: Any) -> list[str]:
    return sorted(str(one.external_id) for one in contacts_matching(rule, at=AT))


@pytest.fixture(autouse=True)
def customers() -> None:
    """Ana bought for 300 and sent 250 back, Ben bought for 100, Cleo is only looking."""
    Contact.objects.create(external_id="cleo")
    take(*(event("order_completed", user_id="ana", properties={"total": 100, "coupon": "A"}) for _ in range(3)))
    take(event("order_refunded", user_id="ana", properties={"total": 250}))
    take(event("order_completed", user_id="ben", properties={"total": 100}))


def test_the_seeds_names_are_understood() -> None:
    rule = {"conditions": [leaf("last_purchase_date", "within_last", "30_days"), leaf("total_purchases", "gt", 1),
                           leaf("user.total_spent", "gt", 100)]}  # fmt: skip
    assert people(rule) == ["ana"]
    fields = [one["field"] for one in normalise(rule)["conditions"]]
    assert fields == ["purchases.last_purchase_date", "purchases.purchase_count", "purchases.total_spent"]


def test_who_bought_nothing_spent_nothing_and_has_no_last_purchase() -> None:
    assert people(leaf("total_spent", "less_than", 200)) == ["ben", "cleo"]
    assert people(leaf("purchase_count", "equals", 0)) == ["cleo"]
    assert people(leaf("last_purchase_date", "not_exists")) == ["cleo"]
    assert people(leaf("last_purchase_date", "less_than", "2000-01-01")) == []


def test_a_lifetime_value_is_less_what_was_given_back() -> None:
    assert people(leaf("lifetime_value", "equals", 50)) == ["ana"]
    assert people(leaf("lifetime_value", "less_than", 100)) == ["ana", "cleo"]
    batch = list(Contact.objects.filter(external_id="ana").values_list("pk", flat=True))
    assert contacts_matching(leaf("lifetime_value", "less_than", 100), at=AT, among=batch).count() == 1


def test_an_attribute_of_the_same_name_keeps_its_bare_spelling() -> None:
    Attribute.objects.create(name="total_spent", type="number")
    assert normalise(leaf("total_spent", "gt", 1))["conditions"][0]["field"] == "attributes.total_spent"
    assert normalise(leaf("purchases.total_spent", "gt", 1))["conditions"][0]["field"] == "purchases.total_spent"


def test_a_registered_metric_is_a_field_at_once_and_counts_what_was_there_before_it() -> None:
    order = EventType.objects.get(name="order_completed")
    only: list[Any] = [{"property": "coupon", "operator": "exists"}]
    register_metric(name="couponed", event_type=order, filters=only, value_property="total")
    assert not Metric.objects.get(name="couponed").is_ready
    assert people(leaf("metrics.couponed_total", "equals", 300)) == ["ana"]
    assert people(leaf("metrics.couponed_first_at", "exists")) == ["ana"]
    assert explain(leaf("metrics.couponed_count", "gt", 2)) == "Contacts where couponed count is more than 2."
