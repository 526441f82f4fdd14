"""Campaigns through the API, in the shapes of the product's brief."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from compliance.models import AuditEntry
from config.lib import public_ids
from segments.services.segments import create_segment
from tests.factories import campaigns as factory
from tests.factories.api import caller
from tests.factories.compliance import make_brand, make_sender
from tests.factories.delivery import make_people

pytestmark = pytest.mark.django_db
EVERYBODY = {"logic": "AND", "conditions": [{"field": "created_at", "operator": "exists"}]}


def body(**fields: Any) -> dict[str, Any]:
    """A campaign that is ready to launch, to three people."""
    make_people(3)
    brand = make_brand(f"Brand {Campaign.objects.count()}")
    return {
        "name": "Summer Sale",
        "type": "immediate",
        "channels": ["email"],
        "target_segment_id": public_ids.encode("segment", create_segment(name="All", criteria=EVERYBODY).pk),
        "content": {"email": {"template_id": public_ids.encode("template", factory.template().pk)}},
        "brand_id": public_ids.encode("brand", brand.pk),
        "sender_id": public_ids.encode("sender", make_sender(brand).pk),
        **fields,
    }


def path(campaign: Campaign) -> str:
    return f"campaigns/{public_ids.encode('campaign', campaign.pk)}"


def test_a_campaign_is_made_by_an_author_and_launched_by_an_approver() -> None:
    author, approver, given = caller("author"), caller("approver"), body()
    made = author.post("campaigns", given)
    assert made.status_code == 201, made.json()
    shown = made.json()
    assert (shown["status"], shown["estimated_recipients"], shown["metrics"]) == ("draft", 3, None)
    for name in ("target_segment_id", "content", "brand_id", "sender_id", "channels", "type"):
        assert shown[name] == given[name]
    one = f"campaigns/{shown['campaign_id']}"
    assert author.post(f"{one}/launch").status_code == 403
    assert author.patch(one, {"status": "active"}).status_code == 403
    assert approver.patch(one, {"name": "Winter"}).status_code == 403

    launched = approver.post(f"{one}/launch")
    assert launched.status_code == 200, launched.json()
    assert launched.json()["status"] == "active"
    assert launched.json()["launched_at"]
    for status in ("paused", "active", "cancelled"):
        assert approver.patch(one, {"status": status}).json()["status"] == status
    refused = approver.patch(one, {"status": "active"})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")
    assert "clone" not in refused.json()["allowed"]
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == [f"campaign_{verb}" for verb in ("created", "launched", "paused", "resumed", "cancelled")]


def test_what_a_later_part_brings_is_refused_by_name() -> None:
    later = body(
        channels=["push"],
        type="triggered",
        end_time="2026-06-30T23:59:59Z",
        ab_test={"enabled": True},
        content={"email": {"template_id": "x", "subject": "S"}, "push": {"title": "S"}},
    )
    problem = caller().post("campaigns", later).json()
    assert problem["status"] == 422
    assert {e["pointer"] for e in problem["errors"]} == {"/end_time", "/ab_test"}
    for name in ("end_time", "ab_test"):
        del later[name]
    problem = caller().post("campaigns", later).json()
    assert {e["pointer"]: e["code"] for e in problem["errors"]} == {
        "/type": "not_available_yet",
        "/channels/0": "not_available_yet",
        "/content/push": "not_available_yet",
    }
    assert not Campaign.objects.exists()


def test_a_start_time_to_come_makes_a_launch_a_schedule() -> None:
    start = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    program = caller()
    made = program.post("campaigns", body(type="scheduled", start_time=start.isoformat())).json()
    assert (made["status"], made["type"]) == ("draft", "scheduled")
    one = f"campaigns/{made['campaign_id']}"
    launched = program.post(f"{one}/launch").json()
    assert (launched["status"], launched["launched_at"]) == ("scheduled", None)
    assert Campaign.objects.get().scheduled_at == start
    assert program.patch(one, {"status": "draft"}).json()["status"] == "draft"
    wall = {"scheduled_local": f"{start:%Y}-12-31T09:00:00", "scheduled_zone": "Europe/Berlin"}
    assert program.post(f"{one}/schedule", wall).json()["status"] == "scheduled"
    assert program.post(f"{one}/schedule", wall | {"scheduled_zone": "Mars"}).json()["status"] == 422
    assert program.post("campaigns", {"name": "X", "type": "scheduled"}).json()["errors"][0]["pointer"] == "/start_time"


def test_what_a_launch_lacks_is_named_in_the_words_of_the_body() -> None:
    program = caller()
    made = program.post("campaigns", {"name": "Bare"}).json()
    one = f"campaigns/{made['campaign_id']}"
    problem = program.post(f"{one}/launch").json()
    assert (problem["status"], problem["code"]) == (422, "not_ready")
    pointers = {error["pointer"] for error in problem["errors"]}
    assert {"/segment_ids", "/brand_id", "/content/email/template_id"} <= pointers
    readiness = program.get(f"{one}/readiness").json()
    assert readiness["ready"] is False
    assert {error["pointer"] for error in readiness["problems"]} == pointers


def test_a_draft_is_changed_but_only_as_it_was_seen() -> None:
    program, campaign = caller(), factory.campaign()
    seen = program.get(path(campaign))["ETag"]
    changed = program.patch(path(campaign), {"name": "New", "list_ids": []}, If_Match=seen)
    assert (changed.json()["name"], changed.json()["list_ids"]) == ("New", [])
    assert program.patch(path(campaign), {"name": "Late"}, If_Match=seen).status_code == 412
    wrong = program.patch(path(campaign), {"brand_id": public_ids.encode("brand", 10**9)}).json()
    assert [error["pointer"] for error in wrong["errors"]] == ["/brand_id"]
    both = program.patch(path(campaign), {"name": "A", "status": "paused"}).json()
    assert [error["pointer"] for error in both["errors"]] == ["/status"]


def test_a_live_campaign_is_neither_edited_nor_put_away_but_cloned() -> None:
    program, run = caller(), factory.launched()
    one = path(run.campaign)
    assert program.patch(one, {"name": "New"}).json()["code"] == "illegal_move"
    assert program.delete(one).json()["code"] == "illegal_move"
    assert program.post(f"{one}/clone").json()["status"] == "draft"
    assert program.patch(one, {"status": "completed"}).json()["errors"][0]["pointer"] == "/status"
    assert program.get(one).json()["metrics"]["sent"] == 0


def test_why_somebody_did_not_get_it_has_an_answer() -> None:
    (ana,) = make_people(1)
    campaign = factory.campaign([ana])
    for query in (f"email={ana.email}", f"contact_id={public_ids.encode('contact', ana.pk)}"):
        assert caller().get(f"{path(campaign)}/explain?{query}").json()["answer"]
    assert caller().get(f"{path(campaign)}/explain").status_code == 422
    assert caller().get(f"{path(campaign)}/explain?email=no@example.test").status_code == 422


def test_reads_take_the_same_queries_however_many(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    program, campaign = caller(), factory.campaign()
    program.get("campaigns")
    for _ in range(2):
        factory.campaign()
    with django_assert_num_queries(4):
        assert len(program.get("campaigns?status=draft").json()["results"]) == 3
    with django_assert_num_queries(18):
        program.get(path(campaign))
