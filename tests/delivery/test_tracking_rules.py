"""The rules of STANDARDS A11.2-4 on their own, and the judge that applies them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from delivery import tasks
from delivery.models import Agent, DeliveryEvent, Hit, Judgement, Unjudged
from delivery.tracking import judging, rules
from delivery.tracking.rules import Activity, Ruling, Seen, Verdict, is_apples, is_robot, rule_on
from tests.support.tracked import BROWSER, UNSUBSCRIBE, mail, reader

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
NET = "203.0.113.0/24"
PREFETCH = "Mozilla/5.0"


def _seen(kind: str = "clicked", link: int | None = 1, *, agent: str | None = BROWSER, network: str = NET) -> Seen:
    return Seen(kind, (link, None), network, agent, AT)


def _beside(seconds: float, kind: str = "clicked", link: int | None = 1, network: str = NET) -> Activity:
    at = AT + timedelta(seconds=seconds)
    return Activity(kind, (link, None), network, at, at)


@pytest.mark.parametrize(
    ("hit", "around", "ruling"),
    [
        (_seen(), [], Ruling(Verdict.HUMAN)),
        (_seen(), [_beside(0), _beside(0.5)], Ruling(Verdict.HUMAN)),  # the same link twice is one activity
        (_seen(), [_beside(0.5, link=2)], Ruling(Verdict.SCANNER, "burst")),
        (_seen(), [_beside(-0.5, "opened", None)], Ruling(Verdict.SCANNER, "burst")),
        (_seen(), [_beside(1.5, link=2)], Ruling(Verdict.HUMAN)),
        (_seen(), [_beside(-300, "baited", 0)], Ruling(Verdict.SCANNER, "bait")),
        (_seen(), [_beside(300, "baited", 0)], Ruling(Verdict.SCANNER, "bait")),
        (_seen(), [_beside(700, "baited", 0)], Ruling(Verdict.HUMAN)),
        (_seen(), [_beside(300, "baited", 0, network="198.51.100.0/24")], Ruling(Verdict.HUMAN)),
        (_seen("baited", 0), [], Ruling(Verdict.SCANNER, "bait")),
        (_seen(agent=PREFETCH, network="17.58.1.0/24"), [], Ruling(Verdict.PREFETCH, "apple")),
        (_seen(agent=PREFETCH), [], Ruling(Verdict.HUMAN)),
        (_seen(agent=BROWSER, network="17.58.1.0/24"), [], Ruling(Verdict.HUMAN)),
        (_seen(agent="curl/8.0"), [], Ruling(Verdict.SCANNER, "agent")),
        (_seen(agent=None, network="17.58.1.0/24"), [], Ruling(Verdict.HUMAN)),
    ],
)
def test_a_verdict_follows_from_what_was_seen(hit: Seen, around: Sequence[Activity], ruling: Ruling) -> None:
    assert rule_on(hit, around) == ruling


@pytest.mark.parametrize(
    "agent",
    [
        BROWSER,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)",
        "Outlook-iOS/709.2226530.prod.iphone (3.24.0)",
    ],
)
def test_mail_programs_and_the_proxies_of_mailboxes_are_people(agent: str) -> None:
    assert not is_robot(agent)


@pytest.mark.parametrize(
    "agent", ["", " ", "Barracuda Sentinel (EE)", "python-requests/2.32", "Googlebot/2.1", "Slackbot 1.0"]
)
def test_robots_and_programs_are_scanners(agent: str) -> None:
    assert is_robot(agent)


def test_apples_ranges_are_data(settings: Settings, tmp_path: Path) -> None:
    assert is_apples("2620:149:af::/48")
    assert not is_apples("203.0.113.0/24")
    assert not is_apples("")
    settings.TRACKING_APPLE_RANGES = tmp_path / "ranges.csv"
    settings.TRACKING_APPLE_RANGES.write_text("# ours\n203.0.113.16/31,GB,GB-ENG,London,\n2001:db8:5:7::/64,DE\n")
    assert is_apples("203.0.113.0/24")
    assert is_apples("2001:db8:5::/48")
    assert not is_apples("17.0.0.0/24")


def _judge() -> int:
    return judging.judge(at=timezone.now() + timedelta(minutes=1))


def _events(kind: str) -> list[tuple[str, str]]:
    return list(DeliveryEvent.objects.filter(kind=kind).order_by("id").values_list("reason", "detail"))


@pytest.mark.django_db
def test_a_person_and_a_machine_are_told_apart_in_the_delivery_log() -> None:
    sent = mail(f"<a href='https://b.example'>B</a>{UNSUBSCRIBE}")
    reader().get(sent.paths[0])
    assert _judge() == 1
    other = mail(f"<a href='https://b.example'>B</a>{UNSUBSCRIBE}")
    reader("python-requests/2.32").get(other.paths[0])
    reader(PREFETCH, "17.58.1.9").get(mail().pixel)
    assert _judge() == 2
    link, another = (m.order.template_version.contents.get().links.get().pk for m in (sent, other))
    assert _events("clicked") == [("", str(link)), ("scanner", str(another))]
    assert _events("opened") == [("prefetch", "")]
    assert not Unjudged.objects.exists()
    assert _judge() == 0
    assert Judgement.objects.count() == 3
    assert set(Judgement.objects.values_list("rules_version", flat=True)) == {rules.VERSION}


@pytest.mark.django_db
def test_the_ticks_judge_and_forget(settings: Settings) -> None:
    reader().get(mail().pixel)
    tasks.judge()
    assert _events("opened") == []
    settings.TRACKING_JUDGE_AFTER_S = -60
    tasks.judge()
    assert _events("opened") == [("", "")]
    tasks.forget_agents()
    assert Agent.objects.count() == 1
    settings.TRACKING_AGENT_DAYS = -1
    tasks.forget_agents()
    assert not Agent.objects.exists()


@pytest.mark.django_db
def test_the_admin_shows_hits_with_their_verdicts(admin_client: Client) -> None:
    sent = mail()
    reader("<script>alert(1)</script> curl/8.0").get(sent.pixel)
    _judge()
    page = admin_client.get("/admin/delivery/hit/", {"q": str(sent.message.pk)}).content.decode()
    assert "scanner by agent" in page
    assert "203.0.113.0/24" in page
    assert "alert(1)" not in page


@pytest.mark.django_db
def test_a_hit_waits_until_its_burst_is_whole() -> None:
    sent = mail()
    reader().get(sent.paths[0])
    assert judging.judge(at=timezone.now()) == 0
    reader().get(sent.paths[1])
    assert _judge() == 2
    assert {reason for reason, _ in _events("clicked")} == {"scanner"}


@pytest.mark.django_db
def test_who_takes_the_bait_later_was_a_scanner_before() -> None:
    sent = mail()
    reader().get(sent.paths[0])
    assert _judge() == 1
    assert [reason for reason, _ in _events("clicked")] == [""]
    reader().get(sent.bait)
    _judge()
    assert [reason for reason, _ in _events("clicked")] == [""]  # what was said is not unsaid
    ((reason, detail),) = _events("rejudged")
    hit = Hit.objects.get(kind="clicked")
    assert (reason, detail) == ("scanner", f"clicked {hit.link_id} {hit.at:%Y-%m-%dT%H:%M:%S}Z")
    assert [j.verdict for j in Judgement.objects.filter(hit_id=hit.pk).order_by("id")] == ["human", "scanner"]
    assert _judge() == 0
    assert len(_events("rejudged")) == 1


@pytest.mark.django_db
def test_history_is_judged_again_when_rules_change(settings: Settings, tmp_path: Path) -> None:
    sent = mail()
    reader(PREFETCH, "198.51.100.7").get(sent.pixel)
    _judge()
    call_command("rejudge")
    assert _events("rejudged") == []
    settings.TRACKING_APPLE_RANGES = tmp_path / "ranges"
    settings.TRACKING_APPLE_RANGES.write_text("198.51.100.0/24")
    call_command("rejudge", "--days", "1")
    assert [reason for reason, _ in _events("rejudged")] == ["prefetch"]
    call_command("rejudge")
    assert len(_events("rejudged")) == 1
    settings.TRACKING_APPLE_RANGES = tmp_path / "none"
    settings.TRACKING_APPLE_RANGES.write_text("")
    call_command("rejudge")
    assert [reason for reason, _ in _events("rejudged")] == ["prefetch", ""]


@pytest.mark.django_db
def test_a_verdict_stands_once_its_evidence_is_forgotten() -> None:
    reader("python-requests/2.32").get(mail().pixel)
    _judge()
    judging.forget_agents(before=timezone.now() + timedelta(seconds=1))
    assert not Agent.objects.exists()
    assert judging.rejudge(since=AT) == 0
    assert [reason for reason, _ in _events("opened")] == ["scanner"]
