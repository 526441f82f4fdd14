"""How far a campaign is, and who did what to it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from campaigns import selectors, services
from campaigns.models import Run
from campaigns.selectors import Progress
from compliance.services.audit import record
from delivery.models import Message, SendOrder, SendTally
from delivery.services.orders import plan_messages
from tests.factories import campaigns as make
from tests.factories.api import person
from tests.factories.delivery import make_people

pytestmark = pytest.mark.django_db


def test_the_pace_of_the_last_half_minute_says_when_it_is_over() -> None:
    campaign = make.launched().campaign
    Run.objects.update(audience=10)
    order = SendOrder.objects.get()
    plan_messages(order, [one.pk for one in make_people(10)], due_at=timezone.now())
    ended = list(Message.objects.values_list("pk", flat=True)[:4])
    Message.objects.filter(pk__in=ended).update(state="sent")
    now = timezone.now()
    SendTally.objects.create(order_id=order.pk, at=now - timedelta(seconds=5), sent=60)
    SendTally.objects.create(order_id=order.pk, at=now - timedelta(seconds=45), sent=600)
    found = selectors.progress(campaign, at=now)
    assert (found.audience, found.ended, found.waiting, found.per_second) == (10, 4, 6, 2.0)
    assert found.eta == now + timedelta(seconds=3)


@given(audience=st.integers(0, 10**7), waiting=st.integers(0, 10**7), pace=st.floats(0, 5000))
def test_ended_and_waiting_are_the_audience_and_an_eta_lies_ahead(audience: int, waiting: int, pace: float) -> None:
    waiting = min(waiting, audience)
    found = Progress(make.AT, audience, waiting, pace if pace > 0.01 else 0.0)
    assert found.ended + found.waiting == audience
    assert (found.eta is None) == (waiting == 0 or found.per_second == 0)
    assert found.eta is None or found.eta >= make.AT


def test_the_timeline_says_who_did_what_and_what_happened_by_itself() -> None:
    campaign = make.campaign()
    boss = person("approver")
    record(actor_id=boss.pk, action="campaign_created", object_kind="campaign", object_id=campaign.pk)
    services.launch(campaign, by=None, at=make.AT)
    services.pause(campaign, by=None, reason="It paused itself. 6 failed.")
    record(
        actor_id=boss.pk, action="dead_letters_replayed", object_kind="campaign", object_id=campaign.pk,
        changes={"messages": 1200, "reason": "gave_up"},
    )  # fmt: skip
    record(
        actor_id=boss.pk, action="campaign_adjusted", object_kind="campaign", object_id=campaign.pk,
        changes={"rate_per_minute": ["None", "60"]},
    )  # fmt: skip
    assert [(one.who, one.text) for one in selectors.timeline(campaign)] == [
        (boss.username, "adjusted it (rate per minute None → 60)"),
        (boss.username, "sent 1,200 dead letters after all"),
        ("Postrider", "paused it. It paused itself. 6 failed."),
        ("Postrider", "launched it"),
        (boss.username, "created it"),
    ]
