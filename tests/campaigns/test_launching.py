"""Launch and schedule."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import engine, selectors, services
from campaigns.errors import ChangedMeanwhile, IllegalMove, NotReady
from campaigns.models import Campaign, JourneyVersion, Run, Step
from campaigns.scheduling import wall_time
from config.lib.errors import Conflict, Invalid
from delivery.models import SendOrder
from templates.drafts import ContentDraft
from templates.services import save_version
from tests.factories import campaigns as make
from tests.factories.delivery import make_people

AT = make.AT
S = Campaign.State


@pytest.fixture
def scheduled(db: None) -> Campaign:
    """A campaign for nine o'clock in Berlin, which is eight in London."""
    campaign = make.campaign()
    services.schedule(campaign, local=wall_time("2026-03-03T09:00"), zone="Europe/Berlin", by=None, at=AT)
    return campaign


DUE = datetime(2026, 3, 3, 8, tzinfo=UTC)


@pytest.mark.django_db
def test_a_launch_pins_all_that_its_messages_share_in_an_immutable_step() -> None:
    campaign = make.campaign()
    campaign.list = make.listed([])
    campaign.save()
    run = services.launch(campaign, by=None, at=AT)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.launched_at) == (S.ACTIVE, AT)
    assert (run.number, run.state, run.audience, run.started_at) == (1, Run.State.FREEZING, 0, AT)
    step = Step.objects.get(version=run.version)
    assert (step.kind, step.key, step.next) == ("send", run.version.entry, {})
    assert campaign.template is not None
    assert step.config == {
        "template_version_id": campaign.template.current_id,
        "brand_id": campaign.brand_id,
        "sender_id": campaign.sender_id,
        "purpose": "marketing",
        "lane": "bulk",
        "list_id": campaign.list_id,
        "audience_lists": [campaign.lists.get().pk],
        "rate_per_minute": None,
        "resend_unknown": False,
        "expires_after_hours": None,
    }
    order = SendOrder.objects.get(step_id=step.pk)
    assert (order.list_id, order.audience_lists) == (campaign.list_id, [campaign.lists.get().pk])


@pytest.mark.django_db
def test_the_order_stands_from_the_launch_on_so_that_a_pause_finds_it() -> None:
    run = make.launched()
    services.pause(run.campaign, by=None)
    assert SendOrder.objects.get(campaign_id=run.campaign_id).state == SendOrder.State.HELD


@pytest.mark.django_db
def test_a_template_edited_after_the_launch_does_not_change_it() -> None:
    run = make.launched()
    template = run.campaign.template
    assert template is not None
    pinned = template.current_id
    draft = ContentDraft(language="en", format="html", subject="New", body=make.BODY)
    save_version(template, contents=[draft], by=None)
    template.refresh_from_db()
    assert template.current_id != pinned
    assert SendOrder.objects.get(campaign_id=run.campaign_id).template_version_id == pinned


@pytest.mark.django_db
def test_a_launch_lists_all_that_is_missing_and_changes_nothing() -> None:
    campaign = services.create(by=None, name="Bare")
    with pytest.raises(NotReady) as caught:
        services.launch(campaign, by=None, at=AT)
    assert {error.pointer for error in caught.value.errors} == {"/segments", "/brand", "/template"}
    campaign.refresh_from_db()
    assert campaign.state == S.DRAFT
    assert not JourneyVersion.objects.exists()


@pytest.mark.django_db
def test_an_empty_audience_is_refused() -> None:
    with pytest.raises(NotReady, match="Nobody is in this audience"):
        make.launched([])


@pytest.mark.django_db
def test_a_campaign_is_launched_once() -> None:
    run = make.launched()
    with pytest.raises(IllegalMove) as caught:
        services.launch(run.campaign, by=None, at=AT)
    assert caught.value.allowed == ("pause", "cancel")
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_what_was_changed_while_it_was_checked_is_not_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make.campaign()
    check = selectors.readiness

    def check_and_let_somebody_edit(checked: Campaign, **rest: Any) -> Any:
        services.edit(Campaign.objects.get(pk=campaign.pk), by=None, name="Other")
        return check(checked, **rest)

    monkeypatch.setattr(selectors, "readiness", check_and_let_somebody_edit)
    with pytest.raises(ChangedMeanwhile):
        services.launch(campaign, by=None, at=AT)
    assert not Run.objects.exists()


@pytest.mark.usefixtures("committed_db")
def test_of_many_who_launch_at_once_one_succeeds() -> None:
    campaign = make.campaign()
    outcomes: list[str] = []
    together = threading.Barrier(8)

    def launch() -> None:
        mine = Campaign.objects.get(pk=campaign.pk)
        together.wait()
        try:
            services.launch(mine, by=None, at=AT)
            outcomes.append("launched")
        except Conflict as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=launch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("launched") == 1
    assert len(outcomes) == 8
    assert (Run.objects.count(), JourneyVersion.objects.count(), SendOrder.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
def test_transactional_purpose_needs_its_own_permission() -> None:
    ana = User.objects.create_user("ana")
    with pytest.raises(NotReady) as caught:
        services.launch(make.campaign(purpose="transactional"), by=ana, at=AT)
    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/purpose", "forbidden")]
    root = User.objects.create_superuser("root")
    assert services.launch(make.campaign(purpose="transactional"), by=root, at=AT)


def test_a_schedule_keeps_the_wall_time_the_zone_and_the_instant(scheduled: Campaign) -> None:
    assert (scheduled.scheduled_local, scheduled.scheduled_zone) == ("2026-03-03T09:00:00", "Europe/Berlin")
    assert (scheduled.scheduled_at, scheduled.state) == (DUE, S.SCHEDULED)


@pytest.mark.django_db
def test_a_time_in_the_past_is_refused() -> None:
    with pytest.raises(Invalid, match="in the past"):
        services.schedule(make.campaign(), local=wall_time("2026-03-02T10:00"), zone="Europe/Berlin", by=None, at=AT)


@pytest.mark.django_db
def test_a_schedule_is_checked_like_a_launch_but_may_wait_for_its_people() -> None:
    when: dict[str, Any] = {"local": wall_time("2026-03-03T09:00"), "zone": "UTC", "by": None, "at": AT}
    with pytest.raises(NotReady):
        services.schedule(services.create(by=None, name="Bare"), **when)
    services.schedule(make.campaign([]), **when)


def test_scheduling_again_replaces_the_time_and_ends_a_hold(scheduled: Campaign) -> None:
    services.hold(scheduled, reason="late")
    services.schedule(scheduled, local=wall_time("2026-03-05T09:00"), zone="UTC", by=None, at=AT)
    scheduled.refresh_from_db()
    assert (scheduled.scheduled_at, scheduled.held_reason) == (datetime(2026, 3, 5, 9, tzinfo=UTC), "")


def test_unscheduled_is_a_draft_again_with_no_time(scheduled: Campaign) -> None:
    services.unschedule(scheduled, by=None)
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.scheduled_at, scheduled.scheduled_local) == (S.DRAFT, None, "")
    engine.launch_due(at=DUE + timedelta(days=1))
    assert not Run.objects.exists()


def test_a_schedule_launches_at_its_time_and_not_before(scheduled: Campaign) -> None:
    engine.launch_due(at=DUE - timedelta(microseconds=1))
    assert not Run.objects.exists()
    engine.launch_due(at=DUE)
    engine.launch_due(at=DUE)
    assert Run.objects.get().started_at == DUE
    scheduled.refresh_from_db()
    assert scheduled.state == S.ACTIVE


def test_found_too_late_it_is_held_for_a_person_who_may_release_it(scheduled: Campaign) -> None:
    found = DUE + timedelta(hours=3, minutes=20)
    engine.launch_due(at=found)
    scheduled.refresh_from_db()
    assert (scheduled.state, Run.objects.count()) == (S.SCHEDULED, 0)
    assert scheduled.held_reason == "It was found 3 h 20 min late, more than the 30 min that are allowed."
    engine.launch_due(at=found)  # and it stays so
    assert not Run.objects.exists()
    assert services.release(scheduled, by=None, at=found).started_at == found


def test_late_within_the_limit_it_is_launched(scheduled: Campaign) -> None:
    engine.launch_due(at=DUE + timedelta(minutes=30))
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_the_policy_to_send_launches_however_late() -> None:
    campaign = make.campaign(late_policy="send")
    services.schedule(campaign, local=wall_time("2026-03-03T08:00"), zone="UTC", by=None, at=AT)
    engine.launch_due(at=DUE + timedelta(days=9))
    assert Run.objects.count() == 1


def test_what_is_no_longer_ready_at_its_time_is_held_with_the_reason(scheduled: Campaign) -> None:
    assert scheduled.brand is not None
    scheduled.brand.postal_address = ""
    scheduled.brand.save()
    engine.launch_due(at=DUE)
    scheduled.refresh_from_db()
    assert scheduled.state == S.SCHEDULED
    assert "postal address" in scheduled.held_reason


def test_one_that_fails_does_not_stop_the_others(scheduled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make.campaign()
    services.schedule(other, local=wall_time("2026-03-03T08:00"), zone="UTC", by=None, at=AT)
    launch = services.launch

    def launch_or_break(campaign: Campaign, **rest: Any) -> Run:
        if campaign == scheduled:
            raise RuntimeError("defect")
        return launch(campaign, **rest)

    monkeypatch.setattr(services, "launch", launch_or_break)
    engine.launch_due(at=DUE)
    assert Run.objects.get().campaign == other


@pytest.mark.django_db
def test_only_a_held_schedule_can_be_released() -> None:
    with pytest.raises(Conflict, match="no schedule that is held"):
        services.release(make.campaign(), by=None, at=AT)


@pytest.mark.django_db
def test_what_falls_due_before_the_next_tick_is_launched_at_its_very_time(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make.campaign()
    due = (timezone.now() + timedelta(seconds=2)).replace(microsecond=0)
    services.schedule(campaign, local=due.replace(tzinfo=None), zone="UTC", by=None, at=timezone.now())
    engine.launch_on_time(within=timedelta(seconds=2.1))
    assert timedelta(0) <= Run.objects.get().started_at - due < timedelta(seconds=0.5)


def test_changed_rules_of_a_zone_move_the_instant(scheduled: Campaign) -> None:
    Campaign.objects.filter(pk=scheduled.pk).update(scheduled_at=DUE + timedelta(hours=1))
    assert services.recompute_schedules(at=AT) == 1
    assert services.recompute_schedules(at=AT) == 0
    scheduled.refresh_from_db()
    assert scheduled.scheduled_at == DUE


@pytest.mark.django_db
def test_two_schedulers_at_once_launch_once() -> None:
    """The second finds the campaign moved on, and must not hold it either."""
    campaign = make.campaign()
    services.schedule(campaign, local=wall_time("2026-03-03T08:00"), zone="UTC", by=None, at=AT)
    stale = Campaign.objects.get(pk=campaign.pk)
    engine.launch_due(at=DUE)
    engine._launch_or_hold(stale, DUE)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.held_reason, Run.objects.count()) == (S.ACTIVE, "", 1)


@pytest.mark.django_db
def test_a_launch_costs_the_same_whatever_its_audience() -> None:
    """So that it answers a person at once: who gets it is frozen afterwards."""
    template = make.template()
    small, large = (make.campaign(make_people(n), template=template) for n in (1, 2000))
    costs = []
    for campaign in (small, small, large):
        copy = services.clone(campaign, by=None)
        with CaptureQueriesContext(connection) as queries:
            services.launch(copy, by=None, at=AT)
        costs.append(len(queries))
    assert costs[1] == costs[2] < 45
