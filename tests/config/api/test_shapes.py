"""What all answers of the API have in common: problems, pages, limits, request ids, ETags."""

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from segments.services.segments import create_segment
from tests.factories.api import caller

pytestmark = pytest.mark.django_db
RULE = {"logic": "AND", "conditions": [{"field": "email", "operator": "exists"}]}


def test_each_wrong_field_has_its_pointer_and_unknown_ones_are_refused() -> None:
    response = caller().post("segments", {"criteria": RULE, "colour": "red"})
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "invalid"
    assert problem["request_id"] == response["X-Request-Id"]
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("/colour", "unknown")]
    missing = caller().post("segments", {"criteria": RULE}).json()["errors"]
    assert [(e["pointer"], e["code"]) for e in missing] == [("/name", "required")]


def test_a_rule_at_fault_is_pointed_into() -> None:
    rule = {"logic": "AND", "conditions": [{"field": "emial", "operator": "exists"}]}
    for path, body in (("segments", {"name": "S", "criteria": rule}), ("segments/estimate", {"criteria": rule})):
        problem = caller().post(path, body).json()
        assert problem["code"] == "invalid_criteria"
        assert problem["errors"][0]["pointer"].startswith("/criteria/conditions/0")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ('"x"', 422),
        ('{"name": "\\u0000"}', 400),
        ('{"name": "\\ud800"}', 400),
        ('{"name": 1e999}', 400),
        ('{"name": NaN}', 400),
        ("[" * 100_000, 400),
        ("\udcff", 400),
    ],
)
def test_a_body_that_is_no_object_is_a_problem_not_a_crash(body: str, status: int) -> None:
    program = caller()
    response = program.client.post(
        "/api/v1/segments",
        body.encode("utf-8", "surrogateescape"),
        "application/json",
        headers={"Authorization": f"Bearer {program.text}"},
    )
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


def test_other_media_types_methods_and_addresses_are_problems() -> None:
    program = caller()
    headers = {"Authorization": f"Bearer {program.text}"}
    assert program.client.post("/api/v1/segments", "a=1", "text/plain", headers=headers).status_code == 415
    assert program.send("PUT", "segments", {}).status_code == 405
    assert program.get("nothing").json()["code"] == "not_found"
    assert Client().get("/api/anything")["Content-Type"] == "application/problem+json"


def test_pages_follow_each_other_without_gap_or_repeat() -> None:
    made = [create_segment(name=f"S{number}", criteria=RULE).name for number in range(5)]
    program, seen, path = caller(), [], "segments?limit=2"
    while path:
        answer = program.get(path).json()
        seen += [row["name"] for row in answer["results"]]
        path = (answer["next"] or "").partition("/api/v1/")[2]
    assert seen == made[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=²", "cursor=nonsense", "archived=maybe"])
def test_a_wrong_query_parameter_is_named(query: str) -> None:
    problem = caller().get(f"segments?{query}").json()
    assert problem["status"] == 422
    assert problem["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


def test_beyond_the_limit_a_key_waits(settings: Settings) -> None:
    settings.API_RATE_PER_MINUTE = 2
    cache.clear()
    program, other = caller(), caller()
    answers = [program.get("segments") for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused  # a new minute may begin in between
    assert 0 < int(refused[0]["Retry-After"]) <= 61
    assert refused[0].json()["code"] == "throttled"
    assert refused[0]["RateLimit-Remaining"] == "0"
    assert other.get("segments").status_code == 200


def test_a_change_of_what_one_did_not_see_is_refused() -> None:
    program = caller()
    made = program.post("segments", {"name": "S", "criteria": RULE})
    path = f"segments/{made.json()['segment_id']}"
    seen = program.get(path)["ETag"]
    assert program.patch(path, {"name": "T"}, If_Match=seen).status_code == 200
    late = program.patch(path, {"name": "U"}, If_Match=seen)
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert program.delete(path, If_Match=seen).status_code == 412
    assert program.patch(path, {"name": "U"}, If_Match=program.get(path)["ETag"]).status_code == 200


def test_a_request_id_that_is_not_plain_is_replaced() -> None:
    given = "x" * 65
    response = caller().get("segments", X_Request_Id=given)
    assert response["X-Request-Id"] not in ("", given)
