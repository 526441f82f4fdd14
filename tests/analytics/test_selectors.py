"""Figures with their age; rates as they are defined."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from analytics import figures, selectors, services
from analytics.models import Freshness
from tests.conftest import CommittedDb
from tests.factories import analytics as make


def small_campaign() -> None:
    """Four sent, one of which came back; two opened, one by a machine only; one clicked twice; one refused at once."""
    make.events("sent", "opened", "opened", message=1)
    make.events("clicked", message=1, detail="7")
    make.events("clicked", message=1, detail="8", at=make.AT + timedelta(hours=1))
    make.events("sent", message=2)
    make.events("opened", message=2, reason="prefetch")
    make.events("clicked", message=2, reason="scanner", detail="7")
    make.events("sent", "bounced", message=3)
    make.events("sent", "unsubscribed", message=4, channel="sms")
    make.events("bounced", message=5)
    make.count_all()


def test_rates_follow_their_definitions(committed_db: CommittedDb) -> None:
    small_campaign()
    found = selectors.campaign_figures(1)
    counts = {name: figure.value for name, figure in found.counts.items() if figure.value}
    assert counts == {
        "sent": 4, "bounced": 2, "returned": 1, "delivered": 3, "attempted": 5, "unsubscribed": 1,
        "opened": 1, "opens": 2, "opened_with_machines": 2, "opens_with_machines": 3,
        "clicked": 1, "clicks": 2, "clicked_with_machines": 2, "clicks_with_machines": 3,
    }  # fmt: skip
    assert {name: figure.value for name, figure in found.rates.items()} == {
        "delivery_rate": 60.0, "bounce_rate": 40.0, "open_rate": 33.3, "open_rate_with_machines": 66.7,
        "click_rate": 33.3, "click_rate_with_machines": 66.7, "click_to_open_rate": 100.0, "unsubscribe_rate": 33.3,
        "complaint_rate": 0.0,
    }  # fmt: skip


def test_hours_channels_and_links_add_up_to_the_campaign(committed_db: CommittedDb) -> None:
    small_campaign()
    whole = selectors.campaign_figures(1).counts
    for field in ("hour", "channel", "step_id"):
        parts = selectors.campaign_figures_by(field, 1).values()
        assert {name: sum(part.counts[name].value or 0 for part in parts) for name in whole} == {
            name: figure.value for name, figure in whole.items()
        }
    assert [(link.link_id, link.clicked, link.clicks_with_machines) for link in selectors.link_clicks(1)] == [
        (7, 1, 2),
        (8, 1, 1),
    ]


def test_a_range_of_hours_takes_only_what_happened_in_it(committed_db: CommittedDb) -> None:
    small_campaign()
    later = selectors.campaign_figures(1, since=make.AT + timedelta(minutes=30)).counts
    assert (later["clicks"].value, later["sent"].value) == (1, 0)
    before = selectors.campaign_figures(1, until=make.AT.replace(minute=0)).counts
    assert before["sent"].value == 0


def test_a_campaign_without_events_has_no_rates_rather_than_zero(committed_db: CommittedDb) -> None:
    services.count(seconds=1)
    found = selectors.campaign_figures(99)
    assert found.counts["sent"].value == 0
    assert {figure.value for figure in found.rates.values()} == {None}


def test_every_figure_knows_its_age_and_its_meaning(committed_db: CommittedDb) -> None:
    small_campaign()
    found = selectors.campaign_figures(1)
    for figure in (found.counts | found.rates).values():
        age = figure.age(timezone.now())
        assert age is not None and age < timedelta(seconds=60)
        assert figure.definition


def test_the_page_how_we_count_names_every_figure() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "how-we-count.md").read_text()
    names = [*figures.COUNTS, *figures.RATES, "delivered", "attempted"]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_a_table_that_stays_behind_is_reported_and_forgiven_when_it_caught_up(committed_db: CommittedDb) -> None:
    services.count(seconds=1)
    now = timezone.now()
    assert services.check_freshness(at=now) == []
    assert services.check_freshness(at=now + timedelta(minutes=5)) == ["campaign_stats"]
    assert Freshness.objects.get().late_since == now + timedelta(minutes=5)
    services.check_freshness(at=now)
    assert Freshness.objects.get().late_since is None


def test_a_table_that_was_never_counted_is_reported(committed_db: CommittedDb) -> None:
    assert services.check_freshness(at=timezone.now()) == ["campaign_stats"]


def test_stats_show_tells_figures_age_and_meaning(
    committed_db: CommittedDb, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="Nothing was counted yet"):
        call_command("stats", "show", "--campaign", "1")
    small_campaign()
    call_command("stats", "show", "--campaign", "1")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Campaign 1, ")
    assert any(line.split()[:3] == ["open_rate", "33.3", "%"] for line in lines)


@pytest.mark.parametrize("model", ["campaignstat", "linkstat", "freshness", "streammark"])
def test_the_admin_shows_the_counters_and_changes_none(committed_db: CommittedDb, model: str) -> None:
    small_campaign()
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    page = client.get(f"/admin/analytics/{model}/")
    assert page.status_code == 200
    assert b"result_list" in page.content
    assert client.get(f"/admin/analytics/{model}/add/").status_code == 403
