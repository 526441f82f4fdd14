"""The doorbell of campaigns: it only says that there is work; the rows say which."""

import threading
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from campaigns import engine, services, tasks
from campaigns.models import Campaign, Run
from campaigns.scheduling import wall_time
from tests.factories import campaigns as make

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


def test_a_campaign_goes_from_launch_to_planned_by_its_bells(redis: Redis) -> None:
    run = make.launched()
    tasks.tick()
    assert redis.llen("work") == 1
    tasks.freeze(run.pk)
    assert redis.llen("work") == 2
    tasks.advance()
    assert run.enrolments.filter(state="completed").count() == 3
    services.cancel(run.campaign, by=None)
    tasks.tick()
    assert redis.llen("work") == 2  # nobody waits: there is nothing to ring for


def test_a_lost_bell_is_rung_again(redis: Redis) -> None:
    run = make.frozen()
    for _ in range(2):
        redis.flushall()
        tasks.tick()
        assert redis.llen("work") == 1
    services.cancel(run.campaign, by=None)
    redis.flushall()
    tasks.tick()
    assert redis.llen("work") == 1
    tasks.close(run.pk)
    assert not run.enrolments.filter(state="waiting").exists()


def test_many_ticks_at_once_have_the_effect_of_one() -> None:
    campaign = make.campaign()
    services.schedule(campaign, local=wall_time("2026-03-02T10:00"), zone="UTC", by=None, at=make.AT)
    due = Campaign.objects.get().scheduled_at
    together = threading.Barrier(6)

    def tick() -> None:
        together.wait()
        try:
            engine.tick(at=due)  # type: ignore[arg-type]
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.held_reason, Run.objects.count()) == ("active", "", 1)


def test_schedules_follow_changed_rules_of_their_zones() -> None:
    campaign = make.campaign()
    services.schedule(campaign, local=wall_time("2099-03-02T10:00"), zone="UTC", by=None, at=make.AT)
    right = Campaign.objects.get().scheduled_at
    Campaign.objects.update(scheduled_at="2099-03-02T11:00Z")
    tasks.recompute_schedules()
    assert Campaign.objects.get().scheduled_at == right
