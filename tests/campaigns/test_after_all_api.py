"""Dead letters and unknowns through the API, and the limits of a campaign under way."""

from typing import Any

import pytest

from campaigns import services
from campaigns.models import Campaign
from compliance.models import AuditEntry
from config.lib import public_ids
from delivery import ledger
from delivery.models import DeadLetter, Lane, Message, SendOrder
from delivery.services.orders import plan_messages
from tests.factories import campaigns as make
from tests.factories.api import caller
from tests.factories.delivery import make_people

pytestmark = pytest.mark.django_db
S = Message.State


def _campaign(people: int = 2, state: str = "failed", reason: str = "sender_policy") -> tuple[Campaign, str]:
    campaign = make.launched().campaign
    order = SendOrder.objects.get(campaign_id=campaign.pk)
    plan_messages(order, [one.pk for one in make_people(people)], due_at=make.AT)
    attempts = ledger.begin({c.id: c.id for c in ledger.claim(Lane.BULK, "email", limit=people)}, account_id=1)
    kind = "rejected" if state == "failed" else state
    ledger.settle([ledger.Settlement(pk, n, S(state), kind, reason, "550 no") for pk, n in attempts.items()])
    return campaign, public_ids.encode("campaign", campaign.pk)


def _audited(action: str) -> Any:
    return AuditEntry.objects.values_list("changes", flat=True).get(action=action)


def test_dead_letters_are_listed_with_the_error_in_words() -> None:
    _, public_id = _campaign()
    _campaign()
    program = caller("viewer")
    (letter, _) = program.get(f"dead-letters?campaign_id={public_id}&resolution=open").json()["results"]
    assert letter["reason_in_words"] == "the server refused us as the sender"
    assert (letter["error"], letter["attempts"], letter["resolution"]) == ("550 no", 1, "")
    assert len(program.get(f"dead-letters?fingerprint={letter['fingerprint']}").json()["results"]) == 4
    assert program.get("dead-letters?reason=gave_up").json()["results"] == []
    assert program.get("dead-letters?campaign_id=nonsense").status_code == 422


def test_they_are_replayed_singly_and_by_filter_and_that_is_audited() -> None:
    _, public_id = _campaign(3)
    program = caller("approver")
    (one, *_) = program.get("dead-letters").json()["results"]
    path = f"campaigns/{public_id}/dead-letters/replay"
    assert program.post(path, {"dead_letter_ids": [one["dead_letter_id"]]}).json() == {"messages": 1, "more": False}
    assert program.post(path, {"reason": "gave_up"}).json()["messages"] == 0
    assert program.post(path, {"reason": "sender_policy"}).json()["messages"] == 2
    assert AuditEntry.objects.filter(action="dead_letters_replayed", actor_id=program.key.owner_id).count() == 2
    assert set(DeadLetter.objects.values_list("resolution", "resolved_by_id")) == {("replayed", program.key.owner_id)}


def test_one_campaigns_ids_do_not_reach_anothers_letters() -> None:
    _campaign(1)
    _, other = _campaign(1)
    letter = public_ids.encode("dead_letter", DeadLetter.objects.earliest("pk").pk)
    answer = caller("approver").post(f"campaigns/{other}/dead-letters/drop", {"dead_letter_ids": [letter]})
    assert answer.json()["messages"] == 0


def test_they_are_dropped() -> None:
    _, public_id = _campaign()
    assert caller("approver").post(f"campaigns/{public_id}/dead-letters/drop", {}).json()["messages"] == 2
    assert _audited("dead_letters_dropped") == {"messages": 2}
    assert set(Message.objects.values_list("state", flat=True)) == {"failed"}


def test_a_cancelled_campaign_refuses_in_words() -> None:
    campaign, public_id = _campaign()
    services.cancel(campaign, by=None)
    answer = caller("approver").post(f"campaigns/{public_id}/dead-letters/replay", {})
    assert answer.status_code == 409
    assert "cancelled cannot be sent again" in answer.json()["detail"]


def test_sending_to_the_rest_asks_whether_some_may_get_it_twice() -> None:
    _, public_id = _campaign(2, "unknown", "no_reply")
    program = caller("approver")
    path = f"campaigns/{public_id}/unknown/send-again"
    assert program.post(path, {}).status_code == 422
    assert program.post(path, {"may_arrive_twice": False}).status_code == 422
    assert program.post(path, {"may_arrive_twice": True}).json() == {"messages": 2, "more": False}
    assert _audited("unknown_sent_again") == {"messages": 2}


def test_unknown_messages_are_marked_as_sent() -> None:
    _, public_id = _campaign(2, "unknown", "no_reply")
    message = public_ids.encode("message", Message.objects.earliest("pk").pk)
    path = f"campaigns/{public_id}/unknown/mark-sent"
    assert caller("approver").post(path, {"message_ids": [message]}).json()["messages"] == 1
    assert caller("author").post(path, {}).status_code == 403
    assert sorted(Message.objects.values_list("state", flat=True)) == ["sent", "unknown"]


def test_limits_of_a_draft_are_part_of_its_plan() -> None:
    limits = {
        "rate_per_minute": 600, "budget": {"max_spend": "12.50"}, "expires_after_hours": 48, "resend_unknown": True,
        "purpose": "transactional",
    }  # fmt: skip
    made = caller().post("campaigns", {"name": "Receipts", **limits}).json()
    assert {name: made[name] for name in limits} == limits
    assert caller().patch(f"campaigns/{made['campaign_id']}", {"budget": None}).json()["budget"] is None


def test_under_way_the_rate_and_the_budget_change_by_whoever_may_launch() -> None:
    campaign, public_id = _campaign()
    change = {"rate_per_minute": 60, "budget": {"max_spend": "5.00"}}
    assert caller("author").patch(f"campaigns/{public_id}", change).status_code == 403
    assert caller("approver").patch(f"campaigns/{public_id}", change).json()["rate_per_minute"] == 60
    assert SendOrder.objects.get(campaign_id=campaign.pk).rate_per_minute == 60
    assert _audited("campaign_adjusted") == {"rate_per_minute": ["None", "60"], "budget": ["None", "5.00"]}
    assert caller("admin").patch(f"campaigns/{public_id}", {**change, "name": "Other"}).status_code == 409
