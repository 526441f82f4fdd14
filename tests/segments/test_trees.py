"""What people may send as a rule, what becomes of it, and what they are told when it is wrong."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from config.lib import public_ids
from config.lib.registry import Registry
from segments.errors import InvalidCriteria
from segments.models import Attribute, ContactList
from segments.predicates.base import Catalogue, Predicate
from segments.services.segments import create_segment
from segments.trees import MAX_DEPTH, MAX_ERRORS, MAX_LEAVES, normalise

pytestmark = pytest.mark.django_db

EVERYBODY = {"field": "created_at", "operator": "exists"}


@pytest.fixture(autouse=True)
def _attributes() -> None:
    for name, kind in (
        ("total_spent", "number"),
        ("last_purchase_date", "date"),
        ("keen", "boolean"),
        ("tags", "list"),
    ):
        Attribute.objects.create(name=name, type=kind)


def leaf(field: str, operator: str, *value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, **({"value": value[0]} if value else {})}


def wrong(criteria: Any) -> list[tuple[str, str]]:
    """Pointer and code of everything that is wrong."""
    with pytest.raises(InvalidCriteria) as raised:
        normalise(criteria)
    return [(error.pointer, error.code) for error in raised.value.errors]


def said(criteria: Any) -> str:
    with pytest.raises(InvalidCriteria) as raised:
        normalise(criteria)
    return raised.value.detail


def only(condition: Any) -> Any:
    (kept,) = normalise({"conditions": [condition]})["conditions"]
    return kept


def test_the_rule_of_the_brief_is_understood() -> None:
    unsubscribed = create_segment(name="Unsubscribed users", criteria=EVERYBODY)
    excluded = public_ids.encode("segment", unsubscribed.pk)
    brief = {
        "conditions": [
            {"field": "user.country", "operator": "equals", "value": "US"},
            {"field": "user.last_purchase_date", "operator": "within_last", "value": "30_days"},
            {"field": "user.total_spent", "operator": "greater_than", "value": 100},
        ],
        "logic": "AND",
        "exclude_segments": [excluded],
    }
    assert normalise(brief) == {
        "logic": "AND",
        "conditions": [
            leaf("country", "equals", "US"),
            leaf("attributes.last_purchase_date", "within_last", "30_days"),
            leaf("attributes.total_spent", "greater_than", 100),
        ],
        "exclude_segments": [excluded],
    }


def test_a_date_may_be_compared_with_days_ago() -> None:
    kept = only(leaf("last_purchase_date", "greater_than", "30_days_ago"))
    assert kept == leaf("attributes.last_purchase_date", "greater_than", "30_days_ago")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (leaf("contact.first_name", "is", "Ana"), leaf("first_name", "equals", "Ana")),
        (leaf("attributes.keen", "is_true"), leaf("attributes.keen", "equals", True)),
        (leaf("keen", "is_false", True), leaf("attributes.keen", "equals", False)),
        (leaf("country", "in", "germany"), leaf("country", "in", ["DE"])),
        (leaf("country", "is_one_of", ["us", "US", "de"]), leaf("country", "in", ["US", "DE"])),
        (leaf("email", "=", " Ana@ACME.example "), leaf("email", "equals", "ana@acme.example")),
        (leaf("email", "ends_with", "@ACME.example"), leaf("email", "ends_with", "@acme.example")),
        (leaf("first_name", "contains", "Zoe\u0308"), leaf("first_name", "contains", "Zo\u00eb")),
        (leaf("total_spent", ">=", 5), leaf("attributes.total_spent", "greater_than_or_equal", 5)),
        (leaf("tags", "contains", "vip"), leaf("attributes.tags", "contains_any", ["vip"])),
        (leaf("tags", "not_in", ["a", "b"]), leaf("attributes.tags", "contains_none", ["a", "b"])),
        (leaf("cohort_on", "is_missing"), leaf("cohort_on", "not_exists")),
        (leaf("cohort_on", "exists", True), leaf("cohort_on", "exists")),
        (leaf("cohort_on", "after", "1 days ago"), leaf("cohort_on", "greater_than", "1_day_ago")),
        (leaf("cohort_on", "before", "7 days from now"), leaf("cohort_on", "less_than", "in_7_days")),
        (leaf("cohort_on", "within_last", "last_6_months"), leaf("cohort_on", "within_last", "6_months")),
        (
            leaf("created_at", "lt", "2024-05-01T12:00:00+02:00"),
            leaf("created_at", "less_than", "2024-05-01T10:00:00Z"),
        ),
    ],
)
def test_other_spellings_are_kept_in_one(given: Any, kept: Any) -> None:
    assert only(given) == kept


def test_a_lone_condition_becomes_a_group() -> None:
    assert normalise(EVERYBODY) == {"logic": "AND", "conditions": [EVERYBODY]}


@pytest.mark.parametrize("logic", ["or", "OR", "any"])
def test_logic_is_kept_in_capitals(logic: str) -> None:
    assert normalise({"logic": logic, "conditions": [EVERYBODY]})["logic"] == "OR"


def test_a_negation_is_kept_as_not_on_its_group() -> None:
    group = {"logic": "OR", "conditions": [EVERYBODY]}
    assert normalise({"not": group}) == {**group, "not": True}
    assert normalise({"not": {"not": group}}) == group
    assert normalise({"not": EVERYBODY}) == {"logic": "AND", "conditions": [EVERYBODY], "not": True}
    assert "not" not in normalise({**group, "not": False})


def test_a_negated_group_with_exclusions_is_wrapped_so_that_all_of_it_is_turned() -> None:
    other = public_ids.encode("segment", create_segment(name="Other", criteria=EVERYBODY).pk)
    group = {"logic": "AND", "conditions": [EVERYBODY], "exclude_segments": [other]}
    assert normalise({"not": group}) == {"logic": "AND", "conditions": [group], "not": True}


def test_what_says_nothing_is_not_kept() -> None:
    group = {"logic": "AND", "conditions": [EVERYBODY]}
    assert normalise({**group, "exclude_segments": [], "not": False}) == group


@pytest.mark.parametrize(
    ("criteria", "pointer", "code"),
    [
        (None, "", "invalid"),
        ([], "", "invalid"),
        ({}, "/conditions", "invalid"),
        ({"conditions": []}, "/conditions", "invalid"),
        ({"conditions": {}}, "/conditions", "invalid"),
        ({"conditions": ["x"]}, "/conditions/0", "invalid"),
        ({"conditions": [EVERYBODY], "logic": "XOR"}, "/logic", "invalid"),
        ({"conditions": [EVERYBODY], "logic": 1}, "/logic", "invalid"),
        ({"conditions": [EVERYBODY], "not": "yes"}, "/not", "invalid"),
        ({"conditions": [EVERYBODY], "exclude_segments": "x"}, "/exclude_segments", "invalid"),
        ({"conditions": [EVERYBODY], "exclude_segments": [7]}, "/exclude_segments/0", "wrong_value"),
        ({"conditions": [EVERYBODY], "condition": []}, "/condition", "unknown_key"),
        ({"conditions": [EVERYBODY], "a/b~c": []}, "/a~1b~0c", "unknown_key"),
        ({"not": {"conditions": [EVERYBODY, leaf("nope", "exists")]}}, "/not/conditions/1/field", "unknown_field"),
        ({"not": leaf("nope", "exists")}, "/not/field", "unknown_field"),
        (leaf("nope", "exists"), "/field", "unknown_field"),
        (leaf("email_key", "exists"), "/field", "unknown_field"),
        (leaf("attributes", "exists"), "/field", "unknown_field"),
        ({"field": 7, "operator": "exists"}, "/field", "unknown_field"),
        ({"field": "country"}, "/operator", "unknown_operator"),
        (leaf("country", ["equals"], "US"), "/operator", "unknown_operator"),  # type: ignore[arg-type]
        (leaf("country", "greater_than", "US"), "/operator", "unknown_operator"),
        (leaf("total_spent", "contains", "1"), "/operator", "unknown_operator"),
        (leaf("country", "exact", "US"), "/operator", "unknown_operator"),
        (leaf("total_spent", "equals", "100"), "/value", "wrong_value"),
        (leaf("total_spent", "equals", True), "/value", "wrong_value"),
        (leaf("total_spent", "equals", float("nan")), "/value", "wrong_value"),
        (leaf("total_spent", "equals", 10**400), "/value", "wrong_value"),
        (leaf("total_spent", "equals"), "/value", "wrong_value"),
        (leaf("total_spent", "between", [1]), "/value", "wrong_value"),
        (leaf("total_spent", "between", [2, 1]), "/value", "wrong_value"),
        (leaf("total_spent", "between", [1, "2"]), "/value/1", "wrong_value"),
        (leaf("total_spent", "in", []), "/value", "wrong_value"),
        (leaf("total_spent", "in", [1, 2, None]), "/value/2", "wrong_value"),
        (leaf("total_spent", "in", list(range(1001))), "/value", "wrong_value"),
        (leaf("keen", "equals", 1), "/value", "wrong_value"),
        (leaf("keen", "is_true", False), "/operator", "unknown_operator"),
        (leaf("country", "exists", "US"), "/value", "wrong_value"),
        (leaf("country", "equals", ""), "/value", "wrong_value"),
        (leaf("country", "equals", "Atlantis"), "/value", "wrong_value"),
        (leaf("email", "equals", "nobody"), "/value", "wrong_value"),
        (leaf("first_name", "equals", "a\0b"), "/value", "wrong_value"),
        (leaf("first_name", "contains", "\ud800"), "/value", "wrong_value"),
        (leaf("first_name", "contains", "x" * 1001), "/value", "wrong_value"),
        (leaf("first_name", "equals", {"$ne": ""}), "/value", "wrong_value"),
        (leaf("cohort_on", "equals", "2023-02-29"), "/value", "wrong_value"),
        (leaf("cohort_on", "equals", "05/01/2024"), "/value", "wrong_value"),
        (leaf("cohort_on", "equals", "2024-05-01T10:00:00Z"), "/value", "wrong_value"),
        (leaf("cohort_on", "greater_than", "6_hours_ago"), "/value", "wrong_value"),
        (leaf("cohort_on", "between", ["2024-05-02", "2024-05-01"]), "/value", "wrong_value"),
        (leaf("created_at", "equals", "2024-05-01T10:00:00"), "/value", "wrong_value"),
        (leaf("created_at", "within_last", 30), "/value", "wrong_value"),
        (leaf("created_at", "within_last", "101_years"), "/value", "wrong_value"),
        (leaf("created_at", "within_last", "30_days_ago"), "/value", "wrong_value"),
        (leaf("list", "in", ["nope"]), "/value/0", "wrong_value"),
        (leaf("list", "in", [7]), "/value/0", "wrong_value"),
        ({**EVERYBODY, "not": True}, "/not", "unknown_key"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(criteria: Any, pointer: str, code: str) -> None:
    assert wrong(criteria) == [(pointer, code)]


def test_everything_wrong_is_told_at_once_up_to_a_limit() -> None:
    assert wrong({"conditions": [leaf("x", "exists"), EVERYBODY, leaf("country", "gt", 1)]}) == [
        ("/conditions/0/field", "unknown_field"),
        ("/conditions/2/operator", "unknown_operator"),
    ]
    assert len(wrong({"conditions": [leaf("x", "exists")] * 100})) == MAX_ERRORS


def test_a_near_miss_is_suggested() -> None:
    assert "did you mean 'country'?" in said(leaf("contry", "equals", "US"))
    assert "did you mean 'total_spent'?" in said(leaf("user.totl_spent", "exists"))
    assert "did you mean 'starts_with'?" in said(leaf("country", "start_with", "U"))
    assert "did you mean 'conditions'?" in said({"conditions": [EVERYBODY], "condition": []})


def test_a_name_in_place_of_an_id_is_answered_with_the_id() -> None:
    public_id = public_ids.encode("segment", create_segment(name="Unsubscribed users", criteria=EVERYBODY).pk)
    detail = said({"conditions": [EVERYBODY], "exclude_segments": ["unsubscribed_users"]})
    assert f"did you mean {public_id!r} (Unsubscribed users)?" in detail


def test_ids_that_are_no_rows_are_named_by_their_place() -> None:
    known = public_ids.encode("list", ContactList.objects.create(name="Known").pk)
    gone = public_ids.encode("list", 10**9)
    criteria = {
        "conditions": [leaf("list", "in", [known, gone])],
        "exclude_segments": [public_ids.encode("segment", 10**9)],
    }
    assert wrong(criteria) == [
        ("/conditions/0/value/1", "unknown_reference"),
        ("/exclude_segments/0", "unknown_reference"),
    ]


def test_an_id_of_another_kind_is_not_taken() -> None:
    made = ContactList.objects.create(name="Known")
    assert wrong(leaf("list", "in", public_ids.encode("segment", made.pk)))


def nested(depth: int) -> Any:
    criteria: Any = {"conditions": [EVERYBODY]}
    for _ in range(depth - 1):
        criteria = {"conditions": [criteria]}
    return criteria


def test_depth_is_limited() -> None:
    normalise(nested(MAX_DEPTH))
    assert wrong(nested(MAX_DEPTH + 1)) == [("/conditions/0" * MAX_DEPTH, "too_deep")]
    assert wrong(nested(100_000))[0][1] == "too_deep"
    negations: Any = EVERYBODY
    for _ in range(100_000):
        negations = {"not": negations}
    assert wrong(negations)[0][1] == "too_deep"


def test_size_is_limited() -> None:
    normalise({"conditions": [EVERYBODY] * MAX_LEAVES})
    assert wrong({"conditions": [EVERYBODY] * (MAX_LEAVES + 1)}) == [(f"/conditions/{MAX_LEAVES}", "too_large")]


def test_a_field_keeps_its_meaning_when_an_attribute_takes_its_name() -> None:
    Attribute.objects.create(name="country", type="number")
    assert only(leaf("country", "equals", "US")) == leaf("country", "equals", "US")
    assert only(leaf("attributes.country", "equals", 7)) == leaf("attributes.country", "equals", 7)


def test_a_rule_is_read_with_one_query_a_kind_however_long(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    lists = [public_ids.encode("list", ContactList.objects.create(name=f"List {n}").pk) for n in range(20)]
    conditions = [leaf("list", "in", one) for one in lists] + [
        leaf("attributes.total_spent", "equals", n) for n in range(50)
    ]
    with django_assert_num_queries(2):  # attributes, lists
        normalise({"conditions": conditions})


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["country", "in", "AND"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["field", "operator", "value", "logic", "conditions", "not", "exclude_segments", "?"]),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(criteria=_json)
def test_whatever_is_sent_is_a_rule_or_told_what_is_wrong(criteria: Any) -> None:
    try:
        normal = normalise(criteria)
    except InvalidCriteria as error:
        normal, told = None, error.errors
    assert told if normal is None else normalise(normal) == normal


def test_a_predicate_that_does_not_load_stops_the_start(settings: Settings) -> None:
    settings.SEGMENT_PREDICATES = ["segments.predicates.nope.Nope"]
    with pytest.raises(ImproperlyConfigured, match="cannot import"):
        list(Registry("SEGMENT_PREDICATES", Predicate))  # type: ignore[type-abstract]


def test_the_catalogue_lists_every_field_once() -> None:
    catalogue = Catalogue.load()
    assert {"country", "created_at", "attributes.total_spent", "list", "segment", "import"} <= set(catalogue)
    assert len(catalogue) == len(set(catalogue))
