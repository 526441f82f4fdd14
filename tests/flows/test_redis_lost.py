"""Promise 4: Redis is only a doorbell. Emptied and stopped in the middle of a campaign, it takes nothing with it."""

import time
from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone
from redis import Redis

from campaigns import services
from campaigns.models import Campaign
from config import running
from config.lib import embedded
from config.lib.supervisor import Supervisor
from delivery.models import Message, ProviderAccount
from tests.conftest import CommittedDb
from tests.factories import campaigns as factory
from tests.factories.delivery import make_people
from tests.support.processes import quick_leases, recorder
from tests.support.waiting import until

PEOPLE = 600


def test_a_campaign_completes_though_redis_is_emptied_and_restarted(
    committed_db: CommittedDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = embedded.Redis(tmp_path / "redis")
    redis.ensure()
    for name, value in {**quick_leases(committed_db.env), "REDIS_URL": redis.url()}.items():
        monkeypatch.setenv(name, value)
    campaign = factory.campaign(make_people(PEOPLE))
    wanted = {"bulk", "ticks", "work", "beat"}
    programs = [program for program in running.programs(0, bulk=2) if program.name in wanted]
    with recorder(tmp_path, delay_ms=25) as server:
        ProviderAccount.objects.create(
            name="recorder", kind="smtp", config={"host": "127.0.0.1", "port": server.port, "security": "none"}
        )
        try:
            with Supervisor(programs):
                services.launch(campaign, by=None, at=timezone.now())
                until(lambda: _sent() > 100, "the first are sent")
                with Redis.from_url(redis.url()) as client:
                    client.flushall()
                until(lambda: _sent() > 250, "sending goes on after Redis was emptied")
                redis.stop()
                time.sleep(3)
                redis.ensure()
                until(lambda: _state(campaign) == Campaign.State.COMPLETED, "it completes after Redis was restarted")
        finally:
            redis.stop()
        taken = server.read()
    assert Counter(Message.objects.values_list("state", flat=True)) == {"sent": PEOPLE}
    assert len(taken.message_ids) == len(set(taken.message_ids)) == PEOPLE


def _sent() -> int:
    return Message.objects.filter(state="sent").count()


def _state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state
