"""A campaign stops before it has cost more than it may, and goes on when it may cost more."""

from decimal import Decimal

import pytest
from django.utils import timezone

from campaigns import guarding, services
from delivery import pipeline
from delivery.accounts import close_all
from delivery.models import Message, ProviderAccount
from delivery.selectors.budgets import charged
from tests.factories import campaigns as make
from tests.factories.delivery import make_people
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.usefixtures("committed_db")


def _guard() -> list[int]:
    return [campaign.pk for campaign in guarding.guard(at=timezone.now())]


def test_a_spent_budget_pauses_and_more_of_it_goes_on() -> None:
    """Through the real recipe, at 1.00 a message: ten people, a budget for four."""
    campaign = make.frozen(make_people(10), budget=Decimal("4.50")).campaign
    make.work()
    with SmtpServer() as server:
        config = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        ProviderAccount.objects.create(name="server", kind="smtp", config=config, cost_per_message=1)
        pipeline.work_lane("bulk", seconds=30)
        assert Message.objects.filter(state="sent").count() == 4
        assert _guard() == [campaign.pk]
        campaign.refresh_from_db()
        assert "Its budget of 4.50 is spent." in campaign.held_reason
        services.adjust(campaign, by=None, budget=Decimal("10"))
        services.resume(campaign, by=None)
        assert _guard() == []
        Message.objects.filter(state="ready").update(due_at=timezone.now())
        pipeline.work_lane("bulk", seconds=30)
    close_all()
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert charged(campaign.pk) == 10
    assert _guard() == []  # spent, but nothing waits for more
