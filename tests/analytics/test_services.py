"""Rebuilding beside the live counters, restores, and freshness."""

from datetime import timedelta

from django.utils import timezone

from analytics import tasks
from analytics.models import CampaignStat, Freshness
from config.celery_settings import beat_schedule
from tests.conftest import CommittedDb
from tests.factories import analytics as make


def test_the_tick_counts_each_second_and_says_how_far_it_is(committed_db: CommittedDb) -> None:
    make.events("sent")
    make.wait_for_horizon()
    before = timezone.now()
    tasks.count()
    assert beat_schedule["count"]["schedule"] == 1.0
    assert CampaignStat.objects.get().total == 1
    assert Freshness.objects.get(pk="campaign_stats").last_success_at >= before - timedelta(seconds=1)  # type: ignore[operator]
