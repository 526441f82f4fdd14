"""Whatever is done to a campaign, in whatever order, with workers dying: its accounts close at every moment."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from campaigns import engine, freezing, selectors, services, states
from campaigns.models import Campaign, Run
from config.lib.errors import Conflict
from delivery import ledger
from delivery.models import Message
from tests.factories import campaigns as make
from tests.factories.delivery import make_people

AT = make.AT
S = Campaign.State


class Died(BaseException):
    """A worker was killed here."""


class Life(RuleBasedStateMachine):
    """One campaign to eight people, frozen three at a time and planned three at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.campaign = make.campaign(make_people(8))
        self.expected = S.DRAFT

    def _try(self, move: states.Move, deed: object) -> None:
        """The deed succeeds exactly when the move is legal."""
        try:
            deed()  # type: ignore[operator]
            assert self.expected in move.sources
            self.expected = move.target or self.expected
        except Conflict:
            assert self.expected not in move.sources

    @rule()
    def launch(self) -> None:
        self._try(states.LAUNCH, lambda: services.launch(self.campaign, by=None, at=AT))

    @rule()
    def schedule(self) -> None:
        when = AT.replace(tzinfo=None, year=2099)
        self._try(states.SCHEDULE, lambda: services.schedule(self.campaign, local=when, zone="UTC", by=None, at=AT))

    @rule()
    def unschedule(self) -> None:
        self._try(states.UNSCHEDULE, lambda: services.unschedule(self.campaign, by=None))

    @rule()
    def pause(self) -> None:
        self._try(states.PAUSE, lambda: services.pause(self.campaign, by=None))

    @rule()
    def resume(self) -> None:
        self._try(states.RESUME, lambda: services.resume(self.campaign, by=None))

    @precondition(lambda self: self.expected in (S.ACTIVE, S.PAUSED))
    @rule()
    def cancel(self) -> None:
        self._try(states.CANCEL, lambda: services.cancel(self.campaign, by=None))

    @rule()
    def tick(self) -> None:
        engine.tick(at=AT)
        self._note_completion()

    @rule()
    def freeze(self) -> None:
        for run_id in selectors.runs_to_freeze():
            freezing.freeze(run_id)

    @rule(chunks=st.integers(0, 2))
    def freeze_and_die(self, chunks: int) -> None:
        left = [chunks]
        enrol = freezing._Freeze.enrol

        def enrol_or_die(self: freezing._Freeze, ids: list[int]) -> None:
            if not left[0]:
                raise Died
            left[0] -= 1
            enrol(self, ids)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(freezing._Freeze, "enrol", enrol_or_die)
            for run_id in selectors.runs_to_freeze():
                with pytest.raises(Died):
                    freezing.freeze(run_id)
        Run.objects.filter(state=Run.State.FREEZING).update(lease_until=AT)  # it has run out by now

    @rule()
    def plan_a_batch(self) -> None:
        engine.advance(at=AT, seconds=0)

    @rule()
    def close(self) -> None:
        for run_id in selectors.runs_to_close():
            engine.close(run_id)
        ledger.sweep()

    @rule()
    def begin_some(self) -> None:
        claimed = [claim.id for claim in ledger.claim("bulk", "email", limit=2)]
        ledger.begin(dict.fromkeys(claimed, 1), account_id=1)

    @rule(state=st.sampled_from(["sent", "failed", "unknown", "skipped", "ready"]))
    def settle_what_is_on_the_wire(self, state: str) -> None:
        Message.objects.filter(state="dispatching").update(state=state)

    @invariant()
    def everybody_is_somewhere(self) -> None:
        account = selectors.waterfall(self.campaign)
        assert account.closes, account
        assert account.cancelled == 0 or self.expected == S.CANCELLED

    @invariant()
    def the_state_is_as_expected(self) -> None:
        self.campaign.refresh_from_db()
        assert self.campaign.state == self.expected

    @invariant()
    def nothing_waits_in_what_has_ended(self) -> None:
        account = selectors.waterfall(self.campaign)
        if self.campaign.runs.filter(state=Run.State.ENDED).exists():
            assert account.waiting == account.sending == 0
        if self.campaign.state == S.COMPLETED:
            assert account.audience == 8

    def teardown(self) -> None:
        """Left alone, it comes to an end by itself."""
        if self.expected == S.PAUSED:
            self.resume()
        if self.expected in (S.ACTIVE, S.CANCELLED):
            for _ in range(4):
                make.work()
                ledger.sweep()
                Message.objects.filter(state__in=["ready", "claimed", "dispatching"]).update(state="sent")
            make.work()
            self._note_completion()
            self.the_state_is_as_expected()
            assert self.expected in (S.COMPLETED, S.CANCELLED)
            assert not self.campaign.runs.exclude(state=Run.State.ENDED).exists()
            self.everybody_is_somewhere()

    def _note_completion(self) -> None:
        self.campaign.refresh_from_db()
        if self.expected == S.ACTIVE and self.campaign.state == S.COMPLETED:
            self.expected = S.COMPLETED


@pytest.mark.usefixtures("committed_db")
def test_a_campaign_adds_up_whatever_is_done_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "CHUNK", 3)
    monkeypatch.setattr(engine, "BATCH", 3)
    quick = settings(
        max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Life, settings=quick)
