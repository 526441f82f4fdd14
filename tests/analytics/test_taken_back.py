"""The figures of a campaign are where its messages ended, whatever was taken back on the way."""

import pytest

from analytics import stream
from analytics.selectors import campaign_figures
from campaigns import selectors, services
from delivery import ledger
from delivery.dispositions import Choice, Unknowns
from delivery.models import Lane, Message
from tests.factories import analytics as count
from tests.factories import campaigns as make
from tests.factories.delivery import make_people

pytestmark = pytest.mark.usefixtures("committed_db")
S = Message.State


def _settle(state: Message.State, kind: str, reason: str, limit: int) -> None:
    claimed = ledger.claim(Lane.BULK, "email", limit=limit)
    attempts = ledger.begin({c.id: c.id for c in claimed}, account_id=1)
    ledger.settle([ledger.Settlement(pk, n, state, kind, reason) for pk, n in attempts.items()])


def test_figures_follow_replays_and_what_was_heard_of_later() -> None:
    campaign = make.frozen(make_people(7)).campaign
    make.work()
    _settle(S.FAILED, "failed", "gave_up", 3)
    _settle(S.FAILED, "rejected", "sender_policy", 2)
    _settle(S.UNKNOWN, "unknown", "no_reply", 2)
    services.replay(campaign, Choice(campaign.pk), by=None, note=lambda n: None)
    _settle(S.SENT, "sent", "", 3)
    _settle(S.FAILED, "failed", "gave_up", 1)
    _settle(S.FAILED, "rejected", "sender_policy", 1)
    services.mark_sent(Unknowns(campaign.pk, ids=[Message.objects.filter(state="unknown").latest("pk").pk]),
                       note=lambda n: None)  # fmt: skip
    count.count_all()
    counted = {name: figure.value for name, figure in campaign_figures(campaign.pk).counts.items()}
    account = selectors.waterfall(campaign)
    assert account.closes
    assert (counted["sent"], counted["unknown"]) == (account.sent, account.unknown) == (4, 1)
    assert (counted["failed"], counted["rejected"]) == (1, 1)
    assert counted["attempted"] == 5
    assert account.failed == {"gave_up": 1, "sender_policy": 1}
    assert stream.differences() == []
