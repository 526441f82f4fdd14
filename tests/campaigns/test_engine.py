"""From the frozen audience to the end of the run."""

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from django.db import connection

from campaigns import engine, enrolments, freezing, selectors, services
from campaigns.models import Campaign, Enrolment, EnrolmentEvent, JourneyVersion, Run, Step
from campaigns.steps.base import Batch
from campaigns.steps.send import Send
from delivery import ledger
from delivery.models import Message, SendOrder
from tests.factories import campaigns as make
from tests.factories.delivery import make_contacts, make_people
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.usefixtures("committed_db")
AT = make.AT


def _advance() -> int:
    return engine.advance(at=AT, seconds=60)


def _states(run: Run) -> tuple[str, str]:
    run.refresh_from_db()
    run.campaign.refresh_from_db()
    return run.state, run.campaign.state


def _account(run: Run) -> tuple[int, int, int, int, int]:
    """(audience, waiting, sending, sent, cancelled), which closes."""
    account = selectors.waterfall(run.campaign)
    assert account.closes
    return account.audience, account.waiting, account.sending, account.sent, account.cancelled


def test_everybody_gets_one_message_and_completes() -> None:
    run = make.frozen(make_people(7))
    assert _advance() == 7
    assert _advance() == 0
    assert set(Message.objects.values_list("contact_id", flat=True)) == set(
        run.enrolments.filter(state="completed", outcome="planned").values_list("contact_id", flat=True)
    )
    assert EnrolmentEvent.objects.filter(kind="completed", outcome="planned").count() == 7
    assert _account(run) == (7, 0, 7, 0, 0)


def test_batches_are_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies between planning and completing leaves nothing of the batch."""
    run = make.frozen()

    def die(name: str, **values: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(enrolments, "count", die)
        with pytest.raises(KeyboardInterrupt):
            _advance()
    assert Message.objects.count() == 0
    assert _account(run) == (3, 3, 0, 0, 0)
    _advance()
    assert _account(run) == (3, 0, 3, 0, 0)


def test_many_planners_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BATCH", 7)
    run = make.frozen(make_people(100))
    moved: list[int] = []

    def plan() -> None:
        try:
            moved.append(_advance())
        finally:
            connection.close()

    threads = [threading.Thread(target=plan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moved.append(_advance())
    assert sum(moved) == 100
    assert EnrolmentEvent.objects.filter(kind="completed").count() == 100
    assert _account(run) == (100, 0, 100, 0, 0)


def test_runs_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BATCH", 2)
    large, small = make.frozen(make_people(20)), make.frozen(make_people(2))
    engine.advance(at=AT, seconds=0)  # one batch, and the time is over
    assert large.enrolments.filter(state="completed").count() == 2
    rows = enrolments.rows("due", at=AT)
    assert [run for run, _ in rows] == [large.pk, small.pk]
    _advance()
    assert not Enrolment.objects.filter(state="waiting").exists()


def test_who_has_no_address_is_accounted_for_at_once() -> None:
    run = make.frozen(make_contacts("ana@example.com", None))
    _advance()
    account = selectors.waterfall(run.campaign)
    assert (account.sending, account.skipped, account.closes) == (1, {"no_address": 1}, True)


def test_nobody_is_planned_before_the_freeze_is_whole() -> None:
    run = make.launched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freezing._Freeze, "finish", lambda self, at: None)
        freezing.freeze(run.pk)
    assert run.enrolments.count() == 3
    assert not engine.tick(at=AT).due
    assert _advance() == 0


def test_nobody_is_planned_while_it_is_paused_and_all_are_afterwards() -> None:
    run = make.frozen()
    services.pause(run.campaign, by=None)
    assert not engine.tick(at=AT).due
    assert _advance() == 0
    services.resume(run.campaign, by=None)
    assert _advance() == 3


def test_a_pause_in_the_middle_of_a_batch_holds_what_the_batch_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make.frozen()
    decide = Send.decide

    def pause_meanwhile(self: Send, batch: Batch) -> Mapping[str, Sequence[int]]:
        person = threading.Thread(target=_in_thread, args=(lambda: services.pause(run.campaign, by=None),))
        person.start()
        person.join(PATIENCE_S)
        assert not person.is_alive()  # a pause does not wait for a planner
        return decide(self, batch)

    monkeypatch.setattr(Send, "decide", pause_meanwhile)
    assert _advance() == 3
    assert SendOrder.objects.get().state == SendOrder.State.HELD
    assert ledger.claim("bulk", "email", limit=10) == []
    services.resume(run.campaign, by=None)
    assert len(ledger.claim("bulk", "email", limit=10)) == 3


def _in_thread(work: object) -> None:
    try:
        work()  # type: ignore[operator]
    finally:
        connection.close()


def test_a_run_ends_when_the_last_message_has_settled() -> None:
    run = make.frozen()
    _advance()
    engine.end_runs(at=AT)
    assert _states(run) == ("running", "active")
    make.settle(run, sent=2)
    engine.end_runs(at=AT)
    assert _states(run) == ("running", "active")
    make.settle(run, unknown=1)
    engine.end_runs(at=AT)
    engine.end_runs(at=AT)
    assert _states(run) == ("ended", "completed")
    assert (run.ended_at, run.campaign.completed_at) == (AT, AT)
    assert SendOrder.objects.get().state == SendOrder.State.CLOSED
    assert _account(run) == (3, 0, 0, 2, 0)


def test_a_run_does_not_end_before_everybody_is_planned() -> None:
    run = make.frozen()
    engine.end_runs(at=AT)
    assert _states(run) == ("running", "active")


def test_a_paused_campaign_is_completed_when_it_is_resumed() -> None:
    run = make.frozen()
    _advance()
    make.settle(run)
    services.pause(run.campaign, by=None)
    engine.end_runs(at=AT)
    assert _states(run) == ("running", "paused")
    services.resume(run.campaign, by=None)
    engine.end_runs(at=AT)
    assert _states(run) == ("ended", "completed")


def test_an_audience_that_became_empty_completes_with_nobody_and_says_so() -> None:
    contacts = make_people(2)
    run = make.launched(contacts)
    run.campaign.lists.get().memberships.all().delete()
    freezing.freeze(run.pk)
    make.work()
    assert _states(run) == ("ended", "completed")
    assert _account(run) == (0, 0, 0, 0, 0)
    assert "audience was empty" in selectors.explain(contacts[0], run.campaign).answer


def _cancel_and_work(run: Run) -> None:
    services.cancel(run.campaign, by=None)
    for _ in range(3):
        make.work()
        ledger.sweep()


def test_cancelled_before_the_freeze_nobody_was_in_it() -> None:
    run = make.launched()
    _cancel_and_work(run)
    assert _states(run) == ("ended", "cancelled")
    assert _account(run) == (0, 0, 0, 0, 0)


def test_cancelled_before_planning_everybody_is_cancelled() -> None:
    run = make.frozen()
    _cancel_and_work(run)
    assert _states(run) == ("ended", "cancelled")
    assert _account(run) == (3, 0, 0, 0, 3)
    assert EnrolmentEvent.objects.filter(kind="exited", outcome="cancelled").count() == 3
    assert Message.objects.count() == 0


def test_cancelled_half_planned_half_sent_everybody_is_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BATCH", 6)
    run = make.frozen(make_people(10))
    engine.advance(at=AT, seconds=0)
    make.settle(run, sent=4)
    assert _account(run) == (10, 4, 2, 4, 0)
    _cancel_and_work(run)
    assert _states(run) == ("ended", "cancelled")
    assert _account(run) == (10, 0, 0, 4, 6)


def test_a_cancelled_run_ends_only_when_what_is_on_the_wire_has_settled() -> None:
    run = make.frozen()
    _advance()
    [claimed] = ledger.claim("bulk", "email", limit=1)
    ledger.begin({claimed.id: 1}, account_id=1)
    _cancel_and_work(run)
    assert _states(run) == ("closing", "cancelled")
    assert _account(run) == (3, 0, 1, 0, 2)
    Message.objects.filter(state="dispatching").update(state="sent")
    make.work()
    assert _states(run) == ("ended", "cancelled")
    assert _account(run) == (3, 0, 0, 1, 2)


def test_a_cancel_in_the_middle_of_a_batch_cancels_what_the_batch_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make.frozen()
    decide = Send.decide

    def cancel_meanwhile(self: Send, batch: Batch) -> Mapping[str, Sequence[int]]:
        person = threading.Thread(target=_in_thread, args=(lambda: _cancel_and_work(run),))
        person.start()
        person.join(PATIENCE_S)
        assert not person.is_alive()
        return decide(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Send, "decide", cancel_meanwhile)
        assert _advance() == 3
    assert _states(run) == ("closing", "cancelled")  # the batch was in other hands when it was closed
    ledger.sweep()
    make.work()
    assert _states(run) == ("ended", "cancelled")
    assert _account(run) == (3, 0, 0, 0, 3)


def test_a_journey_of_two_steps_passes_people_on() -> None:
    """The engine knows no kind of step; a broadcast only happens to have one."""
    run = make.launched()
    config = Step.objects.get(version=run.version).config
    version = JourneyVersion.objects.create(campaign=run.campaign, number=2, entry="one")
    Step.objects.create(version=version, key="one", kind="send", config=config, next={"planned": "two"})
    Step.objects.create(version=version, key="two", kind="send", config=config)
    Run.objects.filter(pk=run.pk).update(version=version)
    freezing.freeze(run.pk)
    assert _advance() == 6
    assert Message.objects.count() == 6
    assert list(
        EnrolmentEvent.objects.filter(contact_id=run.enrolments.first().contact_id)  # type: ignore[union-attr]
        .order_by("pk")
        .values_list("kind", flat=True)
    ) == ["entered", "passed", "completed"]


def test_nobody_is_taken_before_they_are_due() -> None:
    run = make.frozen()
    run.enrolments.update(due_at=AT + timedelta(hours=1))
    assert not engine.tick(at=AT).due
    assert engine.advance(at=AT + timedelta(hours=1), seconds=60) == 3


def test_a_step_that_forgets_somebody_is_refused_and_nothing_of_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make.frozen()
    decide = Send.decide
    monkeypatch.setattr(Send, "decide", lambda self, batch: {"planned": decide(self, batch)["planned"][1:]})
    with pytest.raises(AssertionError, match="exactly one outcome"):
        _advance()
    assert (run.enrolments.filter(state="waiting").count(), Message.objects.count()) == (3, 0)


def test_a_tick_says_what_takes_longer() -> None:
    run = make.launched()
    assert engine.tick(at=AT) == engine.Work(freezes=[run.pk], closings=[], due=False)
    freezing.freeze(run.pk)
    assert engine.tick(at=AT) == engine.Work(freezes=[], closings=[], due=True)
    services.cancel(run.campaign, by=None)
    assert engine.tick(at=AT) == engine.Work(freezes=[], closings=[run.pk], due=False)
    engine.close(run.pk)
    assert engine.tick(at=AT) == engine.Work(freezes=[], closings=[], due=False)
    assert Campaign.objects.get().state == "cancelled"
