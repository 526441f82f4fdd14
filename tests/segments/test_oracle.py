"""The heart of segments: whatever rule, over whatever people, SQL gives exactly whom plain Python gives."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pytest_django import DjangoDbBlocker

from config.lib import public_ids
from segments import compiler
from segments.compiler import contacts_matching
from segments.models import Contact
from segments.schema import json_schema
from segments.selectors.segments import audience
from segments.trees import normalise
from tests.segments import worlds
from tests.segments.worlds import AT, Peopled

_laws = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
_moments = [AT, AT - timedelta(hours=9), AT - timedelta(days=31), AT + timedelta(microseconds=1)]


@pytest.fixture(scope="module")
def peopled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Peopled]:
    """Loaded once for all examples, rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.build()
        transaction.set_rollback(True)
    connection.close()


@pytest.fixture(scope="module")
def validator(peopled: Peopled) -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def _matching(rule: Any, at: datetime = AT) -> set[int]:
    pks = list(Contact.objects.filter(compiler.compile(rule, at)).values_list("pk", flat=True))
    assert len(pks) == len(set(pks)), "a contact came twice"
    return set(pks)


@_laws
@given(data=st.data())
def test_a_single_condition_matches_whom_the_oracle_matches(peopled: Peopled, data: st.DataObject) -> None:
    rule = {"conditions": [data.draw(worlds.leaves(peopled))]}
    assert _matching(rule) == peopled.expected(rule)


@_laws
@given(data=st.data(), at=st.sampled_from(_moments))
def test_a_rule_matches_whom_the_oracle_matches(peopled: Peopled, data: st.DataObject, at: datetime) -> None:
    rule = data.draw(worlds.rules(peopled))
    assert _matching(rule, at) == peopled.expected(rule, at)


@_laws
@given(data=st.data())
def test_everybody_is_in_exactly_one_of_a_rule_and_its_negation(peopled: Peopled, data: st.DataObject) -> None:
    rule = data.draw(worlds.rules(peopled, size=4))
    inside, outside = _matching(rule), _matching({"not": rule})
    assert not inside & outside
    assert inside | outside == peopled.people.keys()


@settings(_laws, max_examples=100)
@given(data=st.data())
def test_de_morgan_holds(peopled: Peopled, data: st.DataObject) -> None:
    one, other = data.draw(worlds.rules(peopled, size=3)), data.draw(worlds.rules(peopled, size=3))
    logic, opposite = data.draw(st.permutations(["AND", "OR"]))
    negated = {"not": {"logic": logic, "conditions": [one, other]}}
    assert _matching(negated) == _matching({"logic": opposite, "conditions": [{"not": one}, {"not": other}]})


@settings(_laws, max_examples=100)
@given(data=st.data())
def test_the_normal_form_means_the_same_and_is_its_own_normal_form(
    peopled: Peopled, validator: Draft202012Validator, data: st.DataObject
) -> None:
    rule = data.draw(worlds.rules(peopled))
    normal = normalise(rule)
    assert _matching(normal) == _matching(rule)
    assert normalise(normal) == normal
    assert json.loads(json.dumps(normal)) == normal
    assert validator.is_valid(normal)


@settings(_laws, max_examples=50)
@given(data=st.data())
def test_the_count_is_the_number_of_people(peopled: Peopled, data: st.DataObject) -> None:
    rule = data.draw(worlds.rules(peopled))
    people = contacts_matching(rule, at=AT)
    assert people.count() == len(peopled.expected(rule))


@settings(_laws, max_examples=50)
@given(data=st.data())
def test_membership_of_a_batch_is_the_same_query(peopled: Peopled, data: st.DataObject) -> None:
    rule = data.draw(worlds.rules(peopled))
    batch = data.draw(st.sets(st.sampled_from(sorted(peopled.people)), min_size=1, max_size=20))
    stretch = range(min(batch), max(batch))
    found = set(contacts_matching(rule, at=AT, among=stretch).values_list("pk", flat=True))
    assert found == {pk for pk in peopled.expected(rule) if pk in stretch}
    for people in (contacts_matching(rule, at=AT).filter(id__in=batch), contacts_matching(rule, at=AT, among=batch)):
        assert set(people.values_list("pk", flat=True)) == peopled.expected(rule) & batch


@settings(_laws, max_examples=50)
@given(data=st.data())
def test_an_audience_is_the_union_less_the_exclusions(peopled: Peopled, data: st.DataObject) -> None:
    chosen = [data.draw(st.sets(st.sampled_from(ids))) for ids in (peopled.segments, peopled.lists) * 2]
    people = audience(
        segments=_pks("segment", chosen[0]),
        lists=_pks("list", chosen[1]),
        excluded_segments=_pks("segment", chosen[2]),
        excluded_lists=_pks("list", chosen[3]),
        at=AT,
    )
    found = list(people.values_list("pk", flat=True))
    assert len(found) == len(set(found))
    assert set(found) == _members(peopled, *chosen[:2]) - _members(peopled, *chosen[2:])


def test_an_audience_is_read_in_chunks_by_key(peopled: Peopled) -> None:
    people = audience(segments=_pks("segment", peopled.segments), lists=_pks("list", peopled.lists), at=AT)
    read: list[int] = []
    while chunk := list(people.filter(pk__gt=read[-1] if read else 0).order_by("pk").values_list("pk", flat=True)[:70]):
        read += chunk
    assert read == sorted(_members(peopled, peopled.segments, peopled.lists))


def test_a_rule_of_every_kind_is_one_query_for_people(peopled: Peopled) -> None:
    conditions: list[Any] = [{"field": f"attributes.{name}", "operator": "exists"} for name in worlds.ATTRIBUTES]
    conditions += [{"field": "segment", "operator": "in", "value": [one]} for one in peopled.segments]
    conditions += [{"field": "list", "operator": "not_in", "value": [one]} for one in peopled.lists]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        list(contacts_matching({"conditions": conditions}, at=AT))
    about_people = [query for query in queries.captured_queries if 'FROM "segments_contact"' in query["sql"]]
    assert len(about_people) == 1
    assert len(queries) <= 10  # attributes, lists, segments a level; never one a condition


def _members(peopled: Peopled, segments: Iterable[str], lists: Iterable[str]) -> set[int]:
    named = {"segment": sorted(segments), "list": sorted(lists)}
    rules = [{"field": field, "operator": "in", "value": ids} for field, ids in named.items() if ids]
    return set().union(*(peopled.expected(rule) for rule in rules))


def _pks(kind: str, ids: Iterable[str]) -> list[int]:
    return [public_ids.decode(kind, text) for text in ids]
