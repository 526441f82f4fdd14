"""A rule reads as a sentence, references by name."""

from typing import Any

import pytest

from config.lib import public_ids
from segments.explaining import explain
from segments.models import Attribute, ContactList, Import
from segments.services.segments import create_segment

pytestmark = pytest.mark.django_db


def leaf(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator} | ({} if value is None else {"value": value})


@pytest.mark.parametrize(
    ("criteria", "sentence"),
    [
        (leaf("country", "equals", "US"), "country is “US”"),
        (leaf("first_name", "not_exists"), "first name is not known"),
        (leaf("country", "in", ["US", "DE", "GB"]), "country is one of “US”, “DE” or “GB”"),
        (leaf("spent", "between", [1, 9.5]), "spent is between 1 and 9.5"),
        (leaf("spent", "in", list(range(9))), "spent is one of 0, 1, 2, 3, 4, 5 or 3 more"),
        (leaf("keen", "is_true"), "keen is true"),
        (leaf("tags", "contains_all", ["a", "b"]), "tags has all of “a” and “b”"),
        (leaf("created_at", "greater_than", "30_days_ago"), "created at is after 30 days ago"),
        (leaf("cohort_on", "not_within_last", "1_year"), "cohort on is not within the last 1 year"),
        ({"not": leaf("country", "equals", "US")}, "not (country is “US”)"),
        (
            {
                "logic": "OR",
                "conditions": [
                    leaf("country", "equals", "US"),
                    {"conditions": [leaf("spent", "gt", 100), leaf("keen", "is_true")]},
                    {"not": leaf("country", "equals", "DE")},
                ],
            },
            "country is “US” or (spent is more than 100 and keen is true) or not (country is “DE”)",
        ),
    ],
)
def test_a_rule_reads_as_a_sentence(criteria: Any, sentence: str) -> None:
    for name, kind in (("spent", "number"), ("keen", "boolean"), ("tags", "list")):
        Attribute.objects.create(name=name, type=kind)
    assert explain(criteria) == f"Contacts where {sentence}."


def test_references_are_read_by_name() -> None:
    lists = [public_ids.encode("list", ContactList.objects.create(name=name).pk) for name in ("VIP", "Press")]
    made = public_ids.encode("import", Import.objects.create(name="fair.csv", file="x").pk)
    out = public_ids.encode("segment", create_segment(name="Quiet", criteria=leaf("created_at", "exists")).pk)
    criteria = {"conditions": [leaf("list", "in", lists), leaf("import", "not_in", made)], "exclude_segments": [out]}
    assert explain(criteria) == (
        "Contacts where the contact is on the list “VIP” or “Press” and the contact did not come with the import"
        " “fair.csv”, except people in the segment “Quiet”."
    )
