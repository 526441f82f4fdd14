"""Anniversaries, and today where people live."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from segments.compiler import contacts_matching
from segments.errors import InvalidCriteria
from segments.explaining import explain
from segments.models import Attribute, Contact
from segments.trees import normalise

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def birthday() -> None:
    Attribute.objects.create(name="born_on", type="date")


def born(name: str, day: str, zone: str = "UTC") -> None:
    Contact.objects.create(external_id=name, timezone=zone, attributes={"born_on": day})


def leaf(operator: str, value: Any, field: str = "born_on") -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def people(rule: Any, at: datetime) -> list[str]:
    return sorted(str(one.external_id) for one in contacts_matching(rule, at=at))


def test_a_29th_of_february_is_kept_on_the_28th_where_there_is_none() -> None:
    born("leap", "1996-02-29")
    born("day before", "1996-02-28")
    today = leaf("anniversary", "today")
    assert people(today, datetime(2026, 2, 28, 12, tzinfo=UTC)) == ["day before", "leap"]
    assert people(today, datetime(2026, 3, 1, 12, tzinfo=UTC)) == []
    assert people(today, datetime(2028, 2, 28, 12, tzinfo=UTC)) == ["day before"]
    assert people(today, datetime(2028, 2, 29, 12, tzinfo=UTC)) == ["leap"]


def test_it_is_the_anniversary_where_the_person_lives() -> None:
    for zone in ("Pacific/Auckland", "UTC", "Pacific/Honolulu"):
        born(zone, "1990-05-02", zone)
    rule = leaf("anniversary", "today")
    assert people(rule, datetime(2026, 5, 1, 13, tzinfo=UTC)) == ["Pacific/Auckland"]
    assert people(rule, datetime(2026, 5, 2, 9, tzinfo=UTC)) == ["Pacific/Auckland", "UTC"]
    assert people(rule, datetime(2026, 5, 2, 23, tzinfo=UTC)) == ["Pacific/Honolulu", "UTC"]
    assert people(leaf("equals_local", "today", "cohort_on"), datetime.now(UTC)) != []


def test_a_year_that_ends_is_no_edge_and_the_day_itself_no_anniversary() -> None:
    at = datetime(2026, 12, 30, 12, tzinfo=UTC)
    born("new year", "1990-01-01")
    born("today", "2026-12-30")
    born("last week", "2000-12-24")
    assert people(leaf("anniversary_within_next", "7_days"), at) == ["new year"]
    assert people(leaf("anniversary_within_last", "7_days"), at) == ["last week"]
    assert people(leaf("anniversary", "in_2_days"), at) == ["new year"]
    assert people({"not": leaf("anniversary_within_next", "7_days")}, at) == ["last week", "today"]


def test_a_column_has_anniversaries_too() -> None:
    Contact.objects.create(external_id="ana", cohort_on=date(2024, 2, 29))
    rule = leaf("anniversary_within_next", "1_month", "cohort_on")
    assert people(rule, datetime(2026, 2, 20, 12, tzinfo=UTC)) == ["ana"]
    assert explain(rule) == "Contacts where cohort on has its anniversary within the next 1 month."


@pytest.mark.parametrize(
    ("operator", "value"),
    [("anniversary_within_next", "366_days"), ("anniversary_within_next", "6_hours"), ("anniversary", "6_hours_ago")],
)
def test_longer_than_a_year_or_finer_than_a_day_is_no_anniversary(operator: str, value: str) -> None:
    for field in ("born_on", "created_at"):
        with pytest.raises(InvalidCriteria):
            normalise(leaf(operator, value, field))
