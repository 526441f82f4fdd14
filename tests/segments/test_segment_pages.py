"""Segments on pages: the list, one segment, the builder's form and what it asks, the history."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from compliance.models import AuditEntry
from config.lib import public_ids
from segments.models import Segment
from segments.selectors.looking import estimate
from segments.services.segments import archive_segment, create_segment, save_criteria
from tests.factories.segments import contact, contact_list

pytestmark = pytest.mark.django_db

GERMANS = {"logic": "AND", "conditions": [{"field": "country", "operator": "equals", "value": "DE"}]}
NOBODY = {"logic": "AND", "conditions": [{"field": "country", "operator": "equals", "value": "AQ"}]}


def _in(*segments: Segment) -> dict[str, Any]:
    ids = [public_ids.encode("segment", one.pk) for one in segments]
    return {"logic": "AND", "conditions": [{"field": "segment", "operator": "in", "value": ids}]}


def _url(segment: Segment, page: str = "") -> str:
    return f"/audience/segments/{public_ids.encode('segment', segment.pk)}{page}"


def _typed(page: Any, **changes: Any) -> dict[str, Any]:
    """What a browser would send from a form page as it stands."""
    form = page.context["form"]
    return {field.name: field.value() or "" for field in form} | changes


@pytest.fixture
def germans(admin_user: User) -> Segment:
    return create_segment(name="Germans", criteria=GERMANS, by=admin_user)


def test_the_list_says_what_each_means_and_takes_the_same_queries_however_long(
    admin_client: Client, germans: Segment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        create_segment(name=f"Germans {number}", criteria=_in(germans))
    # session, person, rows, count; names of segments; who is used by segments, and twice by campaigns
    with django_assert_num_queries(8):
        page = admin_client.get("/audience/segments?sort=name")
    assert "Contacts where country is “DE”." in page.content.decode()
    assert page.context["lines"][0].row.uses == 20


def test_one_segment_takes_few_queries(
    admin_client: Client, germans: Segment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # session, person, segment; who uses it
    with django_assert_num_queries(5):
        page = admin_client.get(_url(germans))
    assert page.status_code == 200


def test_people_are_counted_when_asked_and_the_figure_is_kept(admin_client: Client, germans: Segment) -> None:
    contact(country="DE", first_name="Ana")
    contact(country="FR")
    page = admin_client.get(_url(germans, "/people")).content.decode()
    assert "Ana" in page
    germans.refresh_from_db()
    assert germans.size == 1


def test_a_segment_in_use_is_not_archived_and_says_where(admin_client: Client, germans: Segment) -> None:
    create_segment(name="Inside", criteria=_in(germans))
    page = admin_client.post(_url(germans, "/archive"), HTTP_REFERER=f"http://testserver{_url(germans)}", follow=True)
    assert "used by segment &#x27;Inside&#x27;" in page.content.decode()
    germans.refresh_from_db()
    assert germans.archived_at is None


def test_archiving_can_be_taken_back(admin_client: Client, germans: Segment) -> None:
    page = admin_client.post(_url(germans, "/archive"), follow=True)
    assert _url(germans, "/bring-back") in page.content.decode()
    admin_client.post(_url(germans, "/bring-back"))
    germans.refresh_from_db()
    assert germans.archived_at is None


def test_a_segment_is_made_and_edited_with_a_note(admin_client: Client) -> None:
    page = admin_client.get("/audience/segments/new")
    admin_client.post("/audience/segments/new", _typed(page, name="Made", criteria=json.dumps(GERMANS)))
    made = Segment.objects.get(name="Made")
    page = admin_client.get(_url(made, "/edit"))
    admin_client.post(_url(made, "/edit"), _typed(page, criteria=json.dumps(NOBODY), note="Fewer"))
    numbers = list(made.versions.order_by("number").values_list("number", "note"))
    assert numbers == [(1, ""), (2, "Fewer")]
    actions = AuditEntry.objects.filter(object_kind="segment").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["segment_created", "segment_changed"]


def test_who_edits_an_older_state_is_told_and_overwrites_nothing(admin_client: Client, germans: Segment) -> None:
    page = admin_client.get(_url(germans, "/edit"))
    save_criteria(germans, NOBODY)
    typed = _typed(page, name="Mine", criteria=json.dumps(_in(germans)))
    answer = admin_client.post(_url(germans, "/edit"), typed)
    assert answer.status_code == 409
    assert "Nothing was overwritten" in answer.content.decode()
    germans.refresh_from_db()
    assert (germans.name, germans.versions.count()) == ("Germans", 2)
    again = _typed(answer, criteria=json.dumps(GERMANS))
    assert again["name"] == "Mine"
    assert admin_client.post(_url(germans, "/edit"), again).status_code == 302  # knowingly, on top
    assert germans.versions.count() == 3


@pytest.mark.parametrize(
    ("criteria", "pointer"),
    [
        ({"logic": "AND", "conditions": [{"field": "shoe", "operator": "equals", "value": 1}]}, "/conditions/0/field"),
        ({"logic": "AND", "conditions": []}, "/conditions"),
        ([], ""),
    ],
)
def test_what_is_wrong_with_a_rule_is_marked_at_its_place_and_what_was_typed_stays(
    admin_client: Client, criteria: Any, pointer: str
) -> None:
    text = json.dumps(criteria)
    answer = admin_client.post("/audience/segments/new", {"name": "Wrong", "criteria": text})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.context["config"]["marks"]] == [pointer]
    assert answer.context["form"]["criteria"].value() == text


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "\x00", "x" * 1_100_000], ids=["blank", "half", "deep", "nul", "long"]
)
def test_no_rule_at_all_is_told_in_words(admin_client: Client, text: str) -> None:
    answer = admin_client.post("/audience/segments/new", {"name": "Wrong", "criteria": text})
    assert answer.status_code == 422
    assert answer.context["form"].errors["criteria"]


def test_a_tree_of_forty_levels_is_refused_at_the_group_that_is_too_deep(admin_client: Client) -> None:
    rule: dict[str, Any] = GERMANS
    for _level in range(39):
        rule = {"logic": "OR", "conditions": [rule]}
    answer = _look(admin_client, criteria=rule)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/conditions/0" * 20


def _look(client: Client, **body: Any) -> Any:
    return client.post("/audience/segments/look", json.dumps(body), content_type="application/json")


def test_a_look_gives_figures_words_and_the_normal_form(admin_client: Client) -> None:
    contact(country="DE", first_name="Ana", last_name="Silva")
    rule = {"logic": "and", "conditions": [{"field": "user.country", "operator": "is", "value": "germany"}]}
    found = _look(admin_client, criteria=rule).json()
    assert found["criteria"] == GERMANS
    assert found["sentence"] == "Contacts where country is “DE”."
    assert (found["look"]["size"], found["look"]["estimated"]) == (1, False)
    assert found["look"]["sample"][0]["name"] == "Ana Silva"


def test_a_circle_is_told_at_the_condition_that_closes_it(admin_client: Client, germans: Segment) -> None:
    above = create_segment(name="Above", criteria=_in(germans))
    rule = {"logic": "AND", "conditions": [*GERMANS["conditions"], *_in(above)["conditions"]]}
    answer = _look(admin_client, criteria=rule, segment=public_ids.encode("segment", germans.pk))
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/conditions/1", "cycle")]


def test_an_archived_segment_is_told_where_it_is_named(admin_client: Client, germans: Segment) -> None:
    archive_segment(germans)
    answer = _look(admin_client, criteria=_in(germans))
    assert answer.json()["errors"][0]["pointer"] == "/conditions/0/value/0"


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000, '{"criteria": "x"}'])
def test_a_look_at_nonsense_is_refused_in_words(admin_client: Client, body: str) -> None:
    answer = admin_client.post("/audience/segments/look", body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_ten_megabytes_are_refused_before_they_are_read(admin_client: Client) -> None:
    answer = admin_client.post("/audience/segments/look", "x" * 10_000_000, content_type="application/json")
    assert "too long" in answer.json()["detail"]


def test_values_are_offered_from_rows_and_from_what_people_have(admin_client: Client, germans: Segment) -> None:
    for country in ("DE", "DE", "FR"):
        contact(country=country)
    contact_list("Newsletter")

    def offered(field: str, words: str) -> list[str]:
        found = admin_client.get("/audience/segments/values", {"field": field, "q": words}).json()["values"]
        return [one["label"] for one in found]

    assert offered("country", "") == ["DE", "FR"]
    assert offered("list", "news") == ["Newsletter"]
    assert offered("segment", "") == ["Germans"]
    assert offered("email", "") == []  # tells people apart
    assert offered("nonsense\x00", "\x00") == []


def test_an_estimate_holds_the_true_figure() -> None:
    for number in range(60):
        contact(country="DE" if number % 3 == 0 else "FR")
    found = estimate(GERMANS)
    assert found.low <= 20 <= found.high
    assert found.estimated
    assert {one.country for one in found.sample} == {"DE"}


def test_the_history_shows_both_sides_and_leads_back(admin_client: Client, germans: Segment) -> None:
    save_criteria(germans, NOBODY, note="Too many")
    page = admin_client.get(_url(germans, "/history")).content.decode()
    assert "<del>country is “DE”</del>" in page
    assert "<ins>country is “AQ”</ins>" in page
    assert "Too many" in page
    admin_client.post(_url(germans, "/versions/1/restore"))
    germans.refresh_from_db()
    assert germans.current is not None
    assert (germans.current.number, germans.current.criteria) == (3, GERMANS)


def test_a_rule_that_no_longer_works_is_told_everywhere(admin_client: Client, germans: Segment) -> None:
    broken = {"logic": "AND", "conditions": [{"field": "attributes.gone", "operator": "equals", "value": "x"}]}
    germans.current = germans.versions.create(number=2, criteria=broken)
    germans.save()
    for page in ("", "/history"):
        assert "no longer works" in admin_client.get(_url(germans, page)).content.decode()
    assert "no longer works" in admin_client.get("/audience/segments").content.decode()
    assert admin_client.get(_url(germans, "/edit")).status_code == 200
    assert admin_client.get(_url(germans, "/people")).status_code == 422


def test_the_search_finds_segments_by_their_names(admin_client: Client, germans: Segment) -> None:
    assert _url(germans) in admin_client.get("/search?q=germ").content.decode()
