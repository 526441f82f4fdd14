"""The demo's week: campaigns of earlier days whose sums close, counted as any other, and nobody is left to send to."""

from zoneinfo import ZoneInfo

from django.utils import timezone

from analytics import overview, stream
from analytics.models import StreamMark
from campaigns.models import Campaign, Run
from compliance.models import Suppression
from config.demo import content
from delivery.models import Message, SendOrder
from delivery.selectors.ledger import waterfall
from tests.conftest import CommittedDb


def test_the_week_behind_the_demo_closes_and_is_counted(committed_db: CommittedDb) -> None:
    assert content.set_up(400)
    assert not content.set_up(400)
    assert Campaign.objects.count() == content.CAMPAIGNS
    over = Run.objects.filter(state=Run.State.ENDED)
    assert over.count() == 3
    for run in over:
        assert sum(waterfall(run.campaign_id).states.values()) == run.audience
        assert SendOrder.objects.get(campaign_id=run.campaign_id).state == SendOrder.State.CLOSED
    assert set(Message.objects.values_list("state", flat=True)) == {"sent", "skipped", "failed"}
    assert Suppression.objects.exists()

    stream.add_mark(StreamMark.State.LIVE)
    mark = StreamMark.objects.get(state=StreamMark.State.LIVE)
    while stream.count_chunk(mark.pk):
        pass
    assert stream.differences(limit=1) == []
    days = overview.last_days(at=timezone.now(), zone=ZoneInfo("UTC"))
    assert sum(day.sent > 0 for day in days) == 3
    assert all(day.opened <= day.sent for day in days if day.sent)
