"""Groups of countries: every country is on one continent, and rules may name groups."""

from collections import Counter

import pytest

from segments.compiler import contacts_matching
from segments.explaining import explain
from segments.places import _countries
from segments.regions import CONTINENTS, MEMBERS, NAMES
from segments.trees import normalise
from tests.factories.segments import contact


def test_every_country_is_on_exactly_one_continent() -> None:
    found = Counter(code for name in CONTINENTS for code in MEMBERS[name])
    assert set(found) == _countries()
    assert set(found.values()) == {1}


def test_groups_are_of_countries_and_have_names() -> None:
    assert NAMES.keys() == MEMBERS.keys()
    assert len(MEMBERS["european_union"]) == 27
    assert MEMBERS["european_economic_area"] - MEMBERS["european_union"] == {"IS", "LI", "NO"}
    assert MEMBERS["european_economic_area"] < _countries()


@pytest.mark.django_db
def test_people_are_found_by_group() -> None:
    for country in ("DE", "CH", "US", ""):
        contact(country=country)
    rule = {"field": "country_group", "operator": "equals", "value": "EU"}
    assert normalise(rule)["conditions"][0] == {"field": "country_group", "operator": "in", "value": ["european_union"]}
    assert [one.country for one in contacts_matching(rule)] == ["DE"]
    assert sorted(one.country for one in contacts_matching({"not": rule})) == ["", "CH", "US"]
    assert explain(rule) == "Contacts where country group is one of European Union (EU)."
