"""One rule, one query: parameters only, segments in place, limits kept."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.lib import public_ids
from segments import compiler
from segments.compiler import MAX_CHAIN, MAX_COMPILED_LEAVES, contacts_matching
from segments.errors import InvalidCriteria
from segments.models import Attribute, Contact, ContactList, Segment, SegmentVersion
from segments.services.segments import create_segment
from segments.trees import MAX_DEPTH

pytestmark = pytest.mark.django_db

AT = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)
EVERYBODY = {"field": "created_at", "operator": "exists"}


def leaf(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator} | ({} if value is None else {"value": value})


def named(segment: Segment) -> dict[str, Any]:
    return leaf("segment", "in", [public_ids.encode("segment", segment.pk)])


def sql(*conditions: dict[str, Any]) -> str:
    return str(Contact.objects.filter(compiler.compile({"conditions": list(conditions)}, AT)).query)


@pytest.mark.parametrize("field", ["first_name", "attributes.city"])
@pytest.mark.parametrize("operator", ["equals", "contains", "starts_with", "ends_with", "in"])
def test_a_value_reaches_the_database_as_a_parameter_only(field: str, operator: str) -> None:
    Attribute.objects.create(name="city", type="string")
    hostile = """x'); DROP TABLE segments_contact; -- %s {} "$1"""
    statement, parameters = Contact.objects.filter(
        compiler.compile(leaf(field, operator, hostile), AT)
    ).query.sql_with_params()
    assert "DROP" not in statement
    assert any("DROP" in repr(getattr(parameter, "obj", parameter)) for parameter in parameters)
    assert contacts_matching(leaf(field, operator, hostile)).count() == 0


def test_an_attribute_named_like_a_number_is_a_key_and_not_an_index() -> None:
    Attribute.objects.create(name="2024", type="string")
    Contact.objects.create(email=None, attributes={"2024": "x"})
    assert contacts_matching(leaf("attributes.2024", "equals", "x")).count() == 1


def test_a_value_of_another_type_left_over_is_no_error_and_no_value() -> None:
    attribute = Attribute.objects.create(name="spent", type="string")
    old = Contact.objects.create(attributes={"spent": "abc"})
    new = Contact.objects.create(attributes={"spent": 120})
    attribute.type = "number"
    attribute.save()
    assert list(contacts_matching(leaf("spent", "greater_than", 100))) == [new]
    assert list(contacts_matching(leaf("spent", "not_exists"))) == [old]


def test_a_negation_reaches_the_conditions_and_meets_no_null() -> None:
    ana = leaf("first_name", "equals", "Ana")
    segment = create_segment(name="S", criteria={"logic": "OR", "conditions": [ana, leaf("country", "equals", "DE")]})
    assert sql({"not": ana}) == sql(leaf("first_name", "not_equals", "Ana"))
    assert sql({"not": {"not": ana}}) == sql(ana)
    negated = sql({"not": named(segment)})
    assert negated.count("IS NOT TRUE") == 2
    assert " OR " not in negated


def test_who_is_not_on_a_list_is_found_by_an_anti_join() -> None:
    ids = [public_ids.encode("list", ContactList.objects.create(name="L").pk)]
    for rule in (leaf("list", "not_in", ids), {"not": leaf("list", "in", ids)}):
        assert "Anti Join" in contacts_matching(rule).explain()


def test_a_segment_means_its_current_version() -> None:
    segment = create_segment(name="S", criteria=leaf("first_name", "equals", "Ana"))
    ana, ben = (Contact.objects.create(first_name=name) for name in ("Ana", "Ben"))
    assert list(contacts_matching(named(segment))) == [ana]
    segment.current = SegmentVersion.objects.create(
        segment=segment, number=2, criteria={"logic": "AND", "conditions": [leaf("first_name", "equals", "Ben")]}
    )
    segment.save()
    assert list(contacts_matching(named(segment))) == [ben]


def test_a_circle_in_what_is_stored_is_refused_with_its_path() -> None:
    one = create_segment(name="One", criteria=EVERYBODY)
    two = create_segment(name="Two", criteria=named(one))
    circle = {"logic": "AND", "conditions": [named(two)]}
    one.current = SegmentVersion.objects.create(segment=one, number=2, criteria=circle)
    one.save()
    with pytest.raises(InvalidCriteria, match="One → Two → One"):
        contacts_matching(named(one))


def test_a_stored_rule_that_broke_names_its_segment() -> None:
    attribute = Attribute.objects.create(name="spent", type="number")
    segment = create_segment(name="Big spenders", criteria=leaf("spent", "greater_than", 1))
    attribute.delete()
    with pytest.raises(InvalidCriteria, match=r"in segment 'Big spenders': /conditions/0/field: .*attributes\.spent"):
        contacts_matching(named(segment))


def deep(condition: Any) -> Any:
    for turn in range(MAX_DEPTH):
        condition = {"logic": ("AND", "OR")[turn % 2], "conditions": [condition, EVERYBODY], "not": turn % 3 == 0}
    return condition


def test_the_deepest_chain_of_the_deepest_rules_still_compiles() -> None:
    segment = create_segment(name="0", criteria=deep(leaf("first_name", "equals", "Ana")))
    for number in range(1, MAX_CHAIN):
        segment = create_segment(name=str(number), criteria=deep(named(segment)))
    contacts_matching(deep(named(segment))).count()
    too_deep = create_segment(name="last", criteria=EVERYBODY)
    with pytest.raises(InvalidCriteria, match=f"{MAX_CHAIN} deep"):
        create_segment(
            name="more",
            criteria={"conditions": [named(too_deep), named(create_segment(name="x", criteria=named(segment)))]},
        )


def test_rules_that_multiply_through_segments_are_stopped() -> None:
    wide = create_segment(name="wide", criteria={"conditions": [EVERYBODY] * 400})
    with pytest.raises(InvalidCriteria, match=f"{MAX_COMPILED_LEAVES:,}"):
        contacts_matching({"conditions": [named(wide)] * 6})


def test_a_long_list_of_values_is_one_condition() -> None:
    Attribute.objects.create(name="city", type="string")
    Contact.objects.create(attributes={"city": "c7"})
    statement = sql(leaf("city", "in", [f"c{n}" for n in range(1000)]))
    assert " OR " not in statement
    assert contacts_matching(leaf("city", "in", [f"c{n}" for n in range(1000)])).count() == 1
