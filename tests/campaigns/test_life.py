"""Whatever is done to a campaign, in whatever order, with workers dying: its accounts close at every moment."""

from collections.abc import Callable

import pytest
from django.db.models import QuerySet
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from campaigns import engine, freezing, selectors, services, states
from campaigns.errors import IllegalMove
from campaigns.models import Campaign, Run
from campaigns.scheduling import wall_time
from delivery import ledger
from delivery.models import Message
from templates.models import MessageTemplate
from tests.factories import campaigns as make
from tests.factories.delivery import make_people

AT = make.AT
S = Campaign.State


DEEDS: dict[str, tuple[states.Move, Callable[[Campaign], object]]] = {
    "launch": (states.LAUNCH, lambda campaign: services.launch(campaign, by=None, at=AT)),
    "unschedule": (states.UNSCHEDULE, lambda campaign: services.unschedule(campaign, by=None)),
    "pause": (states.PAUSE, lambda campaign: services.pause(campaign, by=None)),
    "resume": (states.RESUME, lambda campaign: services.resume(campaign, by=None)),
    "cancel": (states.CANCEL, lambda campaign: services.cancel(campaign, by=None)),
    "edit": (states.EDIT, lambda campaign: services.edit(campaign, by=None, name="Other")),
}


class Died(BaseException):
    """A worker was killed here."""


class Life(RuleBasedStateMachine):
    """One campaign to eight people, frozen and planned four at a time."""

    template: MessageTemplate  # compiling one for each life would take longer than the lives

    def __init__(self) -> None:
        super().__init__()
        self.campaign = make.campaign(make_people(8), template=self.template)
        self.expected = S.DRAFT

    def _messages(self, *states: str) -> QuerySet[Message]:
        return Message.objects.filter(order__campaign_id=self.campaign.pk, state__in=states)

    def _run_is(self, state: Run.State) -> bool:
        return self.campaign.runs.filter(state=state).exists()

    def _may(self, *expected: Campaign.State) -> bool:
        return self.expected in expected

    @precondition(lambda self: self._may(S.DRAFT, S.SCHEDULED))
    @rule()
    def launch(self) -> None:
        services.launch(self.campaign, by=None, at=AT)
        self.expected = S.ACTIVE

    @precondition(lambda self: self._may(S.DRAFT))
    @rule()
    def schedule(self) -> None:
        services.schedule(self.campaign, local=wall_time("2099-01-01T09:00"), zone="UTC", by=None, at=AT)
        self.expected = S.SCHEDULED

    @precondition(lambda self: self._may(S.ACTIVE))
    @rule()
    def pause(self) -> None:
        services.pause(self.campaign, by=None)
        self.expected = S.PAUSED

    @precondition(lambda self: self._may(S.PAUSED))
    @rule()
    def resume(self) -> None:
        services.resume(self.campaign, by=None)
        self.expected = S.ACTIVE

    @precondition(lambda self: self._may(S.ACTIVE, S.PAUSED))
    @rule(really=st.sampled_from([False, False, False, True]))
    def cancel(self, really: bool) -> None:
        if really:
            services.cancel(self.campaign, by=None)
            self.expected = S.CANCELLED

    @rule(deed=st.sampled_from(sorted(DEEDS)))
    def what_is_illegal_is_refused(self, deed: str) -> None:
        move, attempt = DEEDS[deed]
        if self.expected not in move.sources:
            with pytest.raises(IllegalMove):
                attempt(self.campaign)

    @rule()
    def tick(self) -> None:
        engine.tick(at=AT)
        self._note_completion()

    @precondition(lambda self: self._run_is(Run.State.FREEZING))
    @rule()
    def freeze(self) -> None:
        for run_id in selectors.runs_to_freeze():
            freezing.freeze(run_id)

    @precondition(lambda self: self._run_is(Run.State.FREEZING))
    @rule(chunks=st.integers(0, 1))
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

    @precondition(lambda self: self._run_is(Run.State.RUNNING))
    @rule()
    def plan_a_batch(self) -> None:
        engine.advance(at=AT, seconds=0)

    @rule()
    def close(self) -> None:
        for run_id in selectors.runs_to_close():
            engine.close(run_id)
        ledger.sweep()

    @precondition(lambda self: self._messages("ready").exists())
    @rule()
    def begin_some(self) -> None:
        claimed = [claim.id for claim in ledger.claim("bulk", "email", limit=3)]
        assert self.expected == S.ACTIVE or not claimed
        ledger.begin(dict.fromkeys(claimed, 1), account_id=1)

    @precondition(lambda self: self._messages("dispatching").exists())
    @rule(state=st.sampled_from(["sent", "sent", "failed", "unknown", "skipped", "ready"]))
    def settle_what_is_on_the_wire(self, state: str) -> None:
        self._messages("dispatching").update(state=state)

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
                self._messages("ready", "claimed", "dispatching").update(state="sent")
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
    monkeypatch.setattr(freezing, "CHUNK", 4)
    monkeypatch.setattr(engine, "BATCH", 4)
    monkeypatch.setattr(Life, "template", make.template(), raising=False)
    # A failure is shown as it was found: shrinking it against a database would take minutes.
    quick = settings(max_examples=20, stateful_step_count=30, deadline=None, database=None, phases=[Phase.generate])
    run_state_machine_as_test(Life, settings=quick)
