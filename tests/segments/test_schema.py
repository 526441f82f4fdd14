"""The published JSON Schema: what is saved conforms to it, and it refuses what the reader refuses."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from segments.models import Attribute
from segments.schema import json_schema
from segments.trees import normalise

pytestmark = pytest.mark.django_db


@pytest.fixture
def validator() -> Draft202012Validator:
    for kind in Attribute.Type:
        Attribute.objects.create(name=f"a_{kind}", type=kind)
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def one(field: str, operator: str, *value: Any) -> dict[str, Any]:
    leaf = {"field": field, "operator": operator, **({"value": value[0]} if value else {})}
    return {"logic": "AND", "conditions": [leaf]}


@pytest.mark.parametrize(
    "rule",
    [
        one("country", "equals", "US"),
        one("country", "exists"),
        one("attributes.a_number", "between", [1, 2.5]),
        one("attributes.a_boolean", "equals", False),
        one("attributes.a_date", "within_last", "30_days"),
        one("attributes.a_date", "equals", "yesterday"),
        one("attributes.a_list", "contains_none", ["x"]),
        one("created_at", "less_than", "2024-05-01T10:00:00.250000Z"),
        one("created_at", "greater_than", "in_6_hours"),
        one("created_at", "between", ["1_day_ago", "today"]),
    ],
)
def test_saved_rules_conform(validator: Draft202012Validator, rule: dict[str, Any]) -> None:
    assert normalise(rule) == rule
    assert validator.is_valid(rule)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"logic": "AND", "conditions": []},
        {"logic": "XOR", "conditions": [one("country", "exists")]},
        one("email_key", "exists"),
        one("country", "greater_than", "US"),
        one("country", "exists", "US"),
        one("country", "equals"),
        one("attributes.a_number", "equals", "1"),
        one("attributes.a_date", "within_last", "6_hours"),
        one("attributes.a_date", "equals", "2024-05-01T10:00:00Z"),
        one("segment", "in", ["unsubscribed_users"]),
        one("list", "in", []),
    ],
)
def test_what_is_no_rule_does_not_conform(validator: Draft202012Validator, rule: dict[str, Any]) -> None:
    assert not validator.is_valid(rule)


def test_every_operator_of_every_field_is_in_it(validator: Draft202012Validator) -> None:
    text = repr(validator.schema)
    for word in ("'attributes.a_list'", "'contains_none'", "'list'", "'segment'", "'import'", "'within_next'"):
        assert word in text
