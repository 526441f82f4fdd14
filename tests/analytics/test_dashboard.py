"""What is going on now, in the shape of the product's brief."""

from datetime import timedelta

from django.utils import timezone

from analytics.dashboard import dashboard
from campaigns.models import Campaign
from config.lib import public_ids
from tests.conftest import CommittedDb
from tests.factories import analytics as make
from tests.factories import campaigns as factory
from tests.factories.api import caller
from tests.factories.delivery import make_order, make_people, plan


def test_it_counts_today_what_is_due_and_what_was_sent_lately(committed_db: CommittedDb) -> None:
    now = timezone.now()
    campaign = factory.campaign()
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.ACTIVE)
    for message in range(10):
        make.events("sent", campaign=campaign.pk, message=message, at=now)
    make.events("opened", "clicked", campaign=campaign.pk, message=1, at=now)
    make.events("opened", campaign=campaign.pk, message=2, at=now, reason="prefetch")
    make.events("sent", campaign=campaign.pk, message=11, at=now - timedelta(days=2))
    plan(make_order(), make_people(3))
    make.count_all()
    found = dashboard(at=now)
    assert (found.active_campaigns, found.messages_sent_today, found.messages_sending_now) == (1, 10, 3)
    assert 0 < found.current_qps <= 2.2
    assert [(top.sent, top.opened, top.clicked) for top in found.top_campaigns] == [(10, 1, 1)]
    shown = caller("viewer").get("dashboard/realtime").json()
    assert shown["top_campaigns"][0]["campaign_id"] == public_ids.encode("campaign", campaign.pk)
    assert shown["as_of"]


def test_with_nothing_it_is_all_zero(committed_db: CommittedDb) -> None:
    found = dashboard(at=timezone.now())
    assert (found.active_campaigns, found.messages_sent_today, found.current_qps, found.top_campaigns) == (0, 0, 0, [])
