"""The frozen audience."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.db import connection, connections

from campaigns import freezing, selectors, services
from campaigns.models import Campaign, Enrolment, EnrolmentEvent, Run
from config.lib.errors import FieldError, Invalid
from segments.models import ListMembership
from tests.conftest import CommittedDb
from tests.factories import campaigns as make
from tests.factories.delivery import make_people

pytestmark = pytest.mark.usefixtures("committed_db")


def _log(run: Run) -> dict[str, int]:
    kinds = EnrolmentEvent.objects.filter(run_id=run.pk).values_list("kind", flat=True)
    return {kind: list(kinds).count(kind) for kind in set(kinds)}


def test_everybody_is_enrolled_once_at_the_first_step_and_logged() -> None:
    contacts = make_people(5)
    run = make.launched(contacts, lists=[make.listed(contacts), make.listed(contacts[:3])])
    assert freezing.freeze(run.pk)
    run.refresh_from_db()
    assert (run.state, run.audience, run.lease_until) == (Run.State.RUNNING, 5, None)
    assert run.frozen_at is not None
    rows = Enrolment.objects.filter(run=run).order_by("contact_id").values_list("contact_id", "step__key", "state")
    assert list(rows) == [(contact.pk, "send", "waiting") for contact in contacts]
    assert _log(run) == {"entered": 5}


def test_the_excluded_are_left_out() -> None:
    contacts = make_people(4)
    run = make.frozen(contacts, excluded_lists=[make.listed(contacts[:1])])
    assert set(Enrolment.objects.filter(run=run).values_list("contact_id", flat=True)) == {c.pk for c in contacts[1:]}


def test_who_comes_while_it_is_frozen_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "CHUNK", 2)
    contacts = make_people(6)
    campaign = make.campaign(contacts)
    run = services.launch(campaign, by=None, at=make.AT)
    enrol = freezing._Freeze.enrol

    def enrol_and_let_somebody_in(self: freezing._Freeze, ids: list[int]) -> None:
        enrol(self, ids)
        late = make_people(1)
        ListMembership.objects.create(list=campaign.lists.get(), contact=late[0])

    monkeypatch.setattr(freezing._Freeze, "enrol", enrol_and_let_somebody_in)
    assert freezing.freeze(run.pk)
    assert set(run.enrolments.values_list("contact_id", flat=True)) == {contact.pk for contact in contacts}


def test_a_frozen_run_is_not_frozen_again() -> None:
    run = make.frozen()
    assert not freezing.freeze(run.pk)
    assert _log(run) == {"entered": 3}


def test_only_one_worker_freezes_a_run() -> None:
    run = make.launched()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns_run SET lease_until = now() + interval '1 minute' WHERE id = %s", [run.pk])
    assert not freezing.freeze(run.pk)
    assert selectors.runs_to_freeze() == []


def test_a_worker_that_lost_its_lease_writes_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "CHUNK", 2)
    run = make.launched(make_people(6))
    enrol = freezing._Freeze.enrol

    def lose_the_lease_first(self: freezing._Freeze, ids: list[int]) -> None:
        if Run.objects.get(pk=run.pk).audience == 2:
            Run.objects.filter(pk=run.pk).update(lease_until=datetime(2099, 1, 1, tzinfo=UTC))
        enrol(self, ids)

    monkeypatch.setattr(freezing._Freeze, "enrol", lose_the_lease_first)
    assert not freezing.freeze(run.pk)
    run.refresh_from_db()
    assert (run.state, run.audience, run.enrolments.count()) == (Run.State.FREEZING, 2, 2)


def test_a_freeze_stops_when_its_campaign_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "CHUNK", 2)
    run = make.launched(make_people(6))
    enrol = freezing._Freeze.enrol

    def enrol_and_cancel(self: freezing._Freeze, ids: list[int]) -> None:
        enrol(self, ids)
        services.cancel(run.campaign, by=None)

    monkeypatch.setattr(freezing._Freeze, "enrol", enrol_and_cancel)
    assert not freezing.freeze(run.pk)
    make.work()
    make.work()
    account = selectors.waterfall(run.campaign)
    assert (account.audience, account.cancelled, account.closes) == (2, 2, True)
    run.refresh_from_db()
    assert run.state == Run.State.ENDED


def test_an_audience_that_cannot_be_worked_out_pauses_the_campaign_and_says_why() -> None:
    run = make.launched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selectors, "audience_of", _broken)
        assert not freezing.freeze(run.pk)
    run.campaign.refresh_from_db()
    assert run.campaign.state == "paused"
    assert run.campaign.held_reason == "Its audience could not be frozen: /field: There is no attribute city."
    assert selectors.standing(run.campaign).startswith("It is paused and waits for a person.")
    services.resume(run.campaign, by=None)
    assert run.campaign.held_reason == ""
    assert selectors.runs_to_freeze() == [run.pk]  # at once, not after the lease
    assert freezing.freeze(run.pk)


def _broken(campaign: object) -> None:
    raise Invalid(FieldError("/field", "There is no attribute city."))


_SLOW_FREEZE = """
import django; django.setup()
import sys, time
from campaigns import freezing
freezing.CHUNK = 2
enrol = freezing._Freeze.enrol
def slowly(self, ids):
    enrol(self, ids)
    print("chunk", flush=True)
    time.sleep(0.3)
freezing._Freeze.enrol = slowly
freezing.freeze(int(sys.argv[1]))
"""


def test_a_worker_killed_in_the_middle_is_followed_by_one_that_begins_anew(committed_db: CommittedDb) -> None:
    contacts = make_people(9)
    run = make.launched(contacts)
    command = [sys.executable, "-c", _SLOW_FREEZE, str(run.pk)]
    with subprocess.Popen(command, env=committed_db.env, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert [worker.stdout.readline().strip() for _ in range(2)] == ["chunk", "chunk"]
        worker.kill()
    left = run.enrolments.count()
    assert 4 <= left < 9
    assert selectors.runs_to_freeze() == []  # its lease still runs
    Run.objects.filter(pk=run.pk).update(lease_until=make.AT)  # and runs out
    assert selectors.runs_to_freeze() == [run.pk]
    assert freezing.freeze(run.pk)
    run.refresh_from_db()
    assert (run.audience, run.enrolments.count()) == (9, 9)
    assert _log(run) == {"entered": 9 + left, "exited": left}
    assert selectors.waterfall(run.campaign).closes


def test_nothing_stays_open_while_the_chunks_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else vacuum and the counting horizon would stand still for as long as a freeze lasts."""
    run = make.launched()
    seen: list[int] = []
    enrol = freezing._Freeze.enrol

    def look(self: freezing._Freeze, ids: list[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'idle in transaction'"
            )
            seen.append(cursor.fetchone()[0])
        enrol(self, ids)

    monkeypatch.setattr(freezing._Freeze, "enrol", look)
    assert freezing.freeze(run.pk)
    assert seen == [0]


def test_a_freeze_that_breaks_off_again_and_again_is_shown_and_can_be_resumed(caplog: pytest.LogCaptureFixture) -> None:
    run = make.launched()
    with connections["owner"].cursor() as cursor:  # whatever keeps Postgres from writing
        cursor.execute("ALTER TABLE campaigns_enrolment ADD CONSTRAINT full_disk CHECK (false)")
    for tried in (1, 2, 3):
        assert Campaign.objects.get().state == "active"
        assert not freezing.freeze(run.pk)
        Run.objects.filter(pk=run.pk).update(lease_until=None)
        run.refresh_from_db()
        assert run.failures == tried % 3
    run.campaign.refresh_from_db()
    assert run.campaign.state == "paused"
    assert "it broke off 3 times, the last time by IntegrityError" in run.campaign.held_reason
    assert caplog.text.count("freeze_failed") == 3
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE campaigns_enrolment DROP CONSTRAINT full_disk")
    services.resume(run.campaign, by=None)
    assert freezing.freeze(run.pk)
