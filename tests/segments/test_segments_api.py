"""Segments through the API, in the shapes of the product's brief."""

import pytest
from pytest_django import DjangoAssertNumQueries

from config.lib import public_ids
from segments.models import Segment
from segments.services.segments import create_segment
from tests.factories.api import caller
from tests.factories.segments import contact

pytestmark = pytest.mark.django_db
ANA = {"conditions": [{"field": "first_name", "operator": "equals", "value": "Ana"}], "logic": "AND"}
EVERYBODY = {"conditions": [{"field": "created_at", "operator": "exists"}], "logic": "AND"}


def test_a_segment_is_made_read_changed_and_put_away() -> None:
    contact(first_name="Ana"), contact(first_name="Ben")
    program = caller("author")
    made = program.post("segments", {"name": "Anas", "description": "All of them", "criteria": ANA, "dynamic": True})
    assert made.status_code == 201, made.json()
    body = made.json()
    assert (body["name"], body["estimated_size"], body["estimate_url"]) == ("Anas", 1, None)
    path = f"segments/{body['segment_id']}"
    assert made["Location"] == f"/api/v1/{path}"

    read = program.get(path).json()
    assert (read["size"], read["criteria"], read["version"]) == (1, ANA, 1)
    assert read["last_updated"].endswith("Z")

    changed = program.patch(path, {"criteria": EVERYBODY}).json()
    assert (changed["name"], changed["size"], changed["version"]) == ("Anas", 2, 2)
    assert program.patch(path, {"name": "People"}).json()["version"] == 2

    assert program.delete(path).status_code == 204
    assert program.get("segments").json()["results"] == []
    assert [row["name"] for row in program.get("segments?archived=true").json()["results"]] == ["People"]
    assert program.post(f"{path}/restore").json()["archived_at"] is None


def test_an_estimate_keeps_nothing() -> None:
    contact(first_name="Ana")
    answer = caller("viewer").post("segments/estimate", {"criteria": ANA}).json()
    assert answer["estimated_size"] == 1
    assert answer["computation_time_ms"] >= 0
    assert not Segment.objects.exists()


def test_an_id_of_another_kind_or_of_nobody_is_not_found() -> None:
    segment = create_segment(name="S", criteria=ANA)
    for text in (
        public_ids.encode("list", segment.pk),
        public_ids.encode("segment", segment.pk + 1),
        "1",
        str(segment.pk),
    ):
        assert caller().get(f"segments/{text}").status_code == 404


def test_a_segment_in_use_is_not_put_away() -> None:
    inner = create_segment(name="Inner", criteria=ANA)
    create_segment(
        name="Outer",
        criteria={
            "logic": "AND",
            "conditions": [{"field": "segment", "operator": "in", "value": [public_ids.encode("segment", inner.pk)]}],
        },
    )
    response = caller().delete(f"segments/{public_ids.encode('segment', inner.pk)}")
    assert (response.status_code, response.json()["code"]) == (409, "segment_in_use")


def test_a_list_of_segments_takes_the_same_queries_however_long(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    program = caller()
    program.get("segments")
    for number in range(3):
        create_segment(name=f"S{number}", criteria=ANA)
    with django_assert_num_queries(4):  # key, the owner's permissions (own, groups'), the page
        assert len(program.get("segments").json()["results"]) == 3
