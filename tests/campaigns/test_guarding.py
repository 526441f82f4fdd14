"""A campaign in which too much goes wrong pauses itself, says why, and tells its owner."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from campaigns import guarding, services
from campaigns.models import Campaign
from config.lib import public_ids
from delivery.models import SendOrder, SendTally
from delivery.selectors.tallies import Lately
from tests.factories import campaigns as make

pytestmark = pytest.mark.django_db


def _campaign(**counts: int) -> Campaign:
    campaign = make.launched().campaign
    Campaign.objects.filter(pk=campaign.pk).update(
        created_by=User.objects.create(username=f"owner {campaign.pk}", email=f"owner{campaign.pk}@example.com")
    )
    _tally(campaign, **counts)
    return campaign


def _tally(campaign: Campaign, minutes_ago: float = 1, **counts: int) -> None:
    order = SendOrder.objects.get(campaign_id=campaign.pk)
    SendTally.objects.create(order_id=order.pk, at=timezone.now() - timedelta(minutes=minutes_ago), **counts)


def _guard() -> Sequence[int]:
    return [campaign.pk for campaign in guarding.guard(at=timezone.now())]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"sent": 94, "failed": 6}, "Of the last 100 messages 6 failed: 6.0 %, more than the 5 % that are allowed."),
        ({"sent": 89, "failed": 11, "bounced": 11}, "11 bounced: 11.0 %, more than the 10 %"),
        ({"sent": 94, "unknown": 6}, "6 got no answer"),
        ({"sent": 95, "failed": 5}, ""),
        ({"sent": 90, "failed": 10, "bounced": 10}, ""),
        ({"sent": 9, "failed": 90}, ""),  # too few to say
    ],
)
def test_a_campaign_pauses_itself_beyond_each_threshold(counts: dict[str, int], words: str) -> None:
    campaign = _campaign(**counts)
    assert _guard() == ([campaign.pk] if words else [])
    campaign.refresh_from_db()
    assert campaign.state == (Campaign.State.PAUSED if words else Campaign.State.ACTIVE)
    assert words in campaign.held_reason
    assert {order.state for order in SendOrder.objects.all()} == {"held" if words else "open"}


def test_its_owner_is_told_once(mailoutbox: list[EmailMessage]) -> None:
    campaign = _campaign(sent=50, failed=50)
    assert _guard() == [campaign.pk]
    assert _guard() == []
    (mail,) = mailoutbox
    assert mail.to == [f"owner{campaign.pk}@example.com"]
    assert "50 failed: 50.0 %" in mail.body
    assert f"/campaigns/{public_ids.encode('campaign', campaign.pk)}" in mail.body


def test_with_no_owner_those_who_may_launch_are_told(mailoutbox: list[EmailMessage]) -> None:
    User.objects.create_superuser("root", "root@example.com", "x")
    User.objects.create(username="viewer", email="viewer@example.com")
    campaign = _campaign(sent=50, failed=50)
    Campaign.objects.filter(pk=campaign.pk).update(created_by=None)
    _guard()
    assert [mail.to for mail in mailoutbox] == [["root@example.com"]]


def test_what_went_wrong_before_it_was_resumed_or_long_ago_counts_no_more() -> None:
    campaign = _campaign(sent=50, failed=50)
    _guard()
    services.resume(campaign, by=None)
    assert _guard() == []
    _tally(campaign, minutes_ago=-1, sent=50, failed=50)
    assert _guard() == [campaign.pk]
    other = _campaign()
    _tally(other, minutes_ago=11, failed=500)
    assert _guard() == []


def test_one_campaign_does_not_pause_another() -> None:
    bad, good = _campaign(failed=100), _campaign(sent=100)
    assert _guard() == [bad.pk]
    good.refresh_from_db()
    assert good.state == Campaign.State.ACTIVE


@given(sent=st.integers(0, 1000), failed=st.integers(0, 200), unknown=st.integers(0, 200), data=st.data())
def test_more_that_arrived_never_makes_trouble(sent: int, failed: int, unknown: int, data: st.DataObject) -> None:
    bounced = data.draw(st.integers(0, failed))
    before = guarding.trouble(Lately(sent, failed, bounced, unknown))
    after = guarding.trouble(Lately(sent + 1, failed, bounced, unknown))
    few = sent + failed + unknown < 100
    assert few or before or not after
