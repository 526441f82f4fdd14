"""A machine that does to a campaign whatever Hypothesis thinks of, and asks after each step whether the promises hold.

Everything is the product's own code over a real database. A worker that dies is an exception that nobody catches,
raised between two statements or in the middle of the provider's work; its leases run out when the clock jumps.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from analytics import services as analytics
from analytics import stream
from campaigns import engine, freezing, services
from campaigns.models import Campaign, Enrolment
from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress_email
from config.lib.sql import queries
from delivery import ledger, pipeline
from delivery.dispositions import Choice, Unknowns
from delivery.models import DeadLetter, DeliveryEvent, Message, ProviderAccount
from delivery.providers.base import Envelope, Outcome, Provider, Receipt
from delivery.selectors.ledger import TERMINAL
from delivery.services.unknowns import learn
from tests.factories import campaigns as factory
from tests.factories.delivery import make_people

PEOPLE = 9
STATEMENTS = ("claim", "begin", "settle")
numbers = st.integers(min_value=0, max_value=PEOPLE - 1)


class WorkerDied(BaseException):
    """No `except Exception` of the product sees it, as none sees a SIGKILL."""


@dataclass(frozen=True)
class NoSettings:
    pass


class Memory(Provider):
    """A provider that remembers what it took, and answers as it is told, by recipient."""

    kind = "memory"
    Config = NoSettings
    taken: list[tuple[int, str]] = []  # (message, recipient), in order
    answers: dict[str, Outcome] = {}
    dies_after: int | None = None

    def __init__(self, config: Any) -> None:
        pass

    def send(self, batch: Sequence[Envelope], *, begin_before: float) -> list[Receipt]:
        return [self._take(envelope) for envelope in batch]

    def _take(self, envelope: Envelope) -> Receipt:
        if Memory.dies_after == 0:
            raise WorkerDied
        if Memory.dies_after:
            Memory.dies_after -= 1
        outcome = Memory.answers.pop(envelope.rcpt_to, Outcome.SENT)
        if outcome in (Outcome.SENT, Outcome.UNKNOWN):
            Memory.taken.append((envelope.message_id, envelope.rcpt_to))
        category = {Outcome.PERMANENT: "address_permanent", Outcome.TRANSIENT: "transient"}.get(outcome, "")
        return Receipt(envelope.message_id, outcome, category)

    def close(self) -> None:
        pass


@contextmanager
def dying(statement: str, *, after: bool) -> Iterator[None]:
    """The worker dies right before or right after this statement of the ledger."""
    wanted = queries("delivery", "ledger")[statement]

    def die(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if sql != wanted:
            return execute(sql, params, many, context)
        if after:
            execute(sql, params, many, context)
        raise WorkerDied

    with connection.execute_wrapper(die):
        yield


class Campaigns(RuleBasedStateMachine):
    """One campaign to a few people, some of whom opt out, bounce or are hard to reach."""

    @initialize(planned=st.booleans())
    def launch(self, planned: bool) -> None:
        Memory.taken, Memory.answers, Memory.dies_after = [], {}, None
        ProviderAccount.objects.get_or_create(name="memory", defaults={"kind": "memory", "shaping": False})
        self.people = make_people(PEOPLE)
        self.campaign = factory.campaign(self.people)
        self.run = services.launch(self.campaign, by=None, at=self.now())
        self.opted_out: dict[str, int] = {}  # by address: how much the provider had taken by then
        self.cancelled_at: int | None = None
        self.again: Counter[int] = Counter()  # sent again on somebody's word
        self.told: set[int] = set()  # known to have gone out from elsewhere
        if planned:
            self.tick()

    def now(self) -> datetime:
        return timezone.now()

    # --- what beat and workers do

    @rule()
    def tick(self) -> None:
        found = engine.tick(at=self.now())
        for run_id in found.freezes:
            freezing.freeze(run_id)
        for run_id in found.closings:
            engine.close(run_id)
        engine.advance(at=self.now(), seconds=5)
        ledger.sweep()

    @rule()
    def work(self) -> None:
        pipeline.work_lane("bulk", seconds=0.001)

    @rule(statement=st.sampled_from(STATEMENTS), after=st.booleans())
    def crash(self, statement: str, after: bool) -> None:
        with suppress(WorkerDied), dying(statement, after=after):
            pipeline.work_lane("bulk", seconds=0.001)

    @rule(taken=st.integers(min_value=0, max_value=3))
    def crash_on_the_wire(self, taken: int) -> None:
        Memory.dies_after = taken
        with suppress(WorkerDied):
            pipeline.work_lane("bulk", seconds=0.001)
        Memory.dies_after = None

    @rule()
    def crash_in_a_tick(self) -> None:
        """A sweep that is repeated, and a freeze whose worker died before its first chunk."""
        ledger.sweep()
        ledger.sweep()
        self.run.refresh_from_db()
        if self.run.state == self.run.State.FREEZING:
            type(self.run).objects.filter(pk=self.run.pk).update(lease_until=self.now() - timedelta(seconds=1))

    @rule()
    def clock_jumps(self) -> None:
        """So far that every lease has run out and every wait is over."""
        past = self.now() - timedelta(hours=1)
        self._messages().filter(lease_until__isnull=False).update(lease_until=past)
        self._messages().filter(state="ready").update(due_at=past)
        ledger.sweep()

    # --- what people do

    @rule()
    def pause(self) -> None:
        self._try(lambda: services.pause(self.campaign, by=None), Campaign.State.ACTIVE)

    @rule()
    def resume(self) -> None:
        self._try(lambda: services.resume(self.campaign, by=None), Campaign.State.PAUSED)

    @precondition(lambda self: self.cancelled_at is None)
    @rule(sure=st.integers(min_value=0, max_value=5))
    def cancel(self, sure: int) -> None:
        if not sure:
            self._try(self._cancel, Campaign.State.ACTIVE, Campaign.State.PAUSED)

    @rule(number=numbers)
    def unsubscribe(self, number: int) -> None:
        """The acknowledgement waits for what is on the wire: that is over, one way or the other."""
        self._leases_of_the_dead_run_out()
        email = str(self.people[number].email)
        suppress_email(
            email, scope=Scope.BRAND, scope_id=self.campaign.brand_id or 0, reason=Reason.UNSUBSCRIBED, source="test",
            at=self.now(),
        )  # fmt: skip
        self.opted_out.setdefault(email, len(Memory.taken))

    @rule(number=numbers, outcome=st.sampled_from([Outcome.PERMANENT, Outcome.TRANSIENT, Outcome.UNKNOWN]))
    def next_answer(self, number: int, outcome: Outcome) -> None:
        Memory.answers[str(self.people[number].email)] = outcome

    @rule()
    def mark_unknown_as_sent(self) -> None:
        self.told |= set(self._messages().filter(state="unknown").values_list("pk", flat=True))
        services.mark_sent(Unknowns(self.campaign.pk), note=lambda count: None)

    @precondition(lambda self: self.cancelled_at is None)
    @rule()
    def send_to_the_rest(self) -> None:
        self.again.update(self._messages().filter(state="unknown").values_list("pk", flat=True))
        services.send_again(self.campaign, Unknowns(self.campaign.pk), by=None, note=lambda count: None)

    @precondition(lambda self: self.cancelled_at is None)
    @rule()
    def replay_dead_letters(self) -> None:
        services.replay(self.campaign, Choice(self.campaign.pk), by=None, note=lambda count: None)

    # --- what is heard later

    @precondition(lambda self: bool(Memory.taken))
    @rule(number=st.integers(min_value=0), times=st.integers(min_value=1, max_value=3))
    def webhook(self, number: int, times: int) -> None:
        message_id, _ = Memory.taken[number % len(Memory.taken)]
        for _ in range(times):
            learn(message_id, Outcome.SENT)

    @precondition(lambda self: bool(Memory.taken))
    @rule(number=st.integers(min_value=0))
    def worker_comes_back_late(self, number: int) -> None:
        """It settles what it had begun, though its lease is over."""
        message = Message.objects.get(pk=Memory.taken[number % len(Memory.taken)][0])
        ledger.settle([ledger.Settlement(message.pk, message.attempt, Message.State.SENT, "sent")])

    # --- the promises

    @invariant()
    def an_opt_out_wins(self) -> None:
        late = [to for at, (_, to) in enumerate(Memory.taken) if at >= self.opted_out.get(to, len(Memory.taken))]
        assert late == []

    @invariant()
    def nobody_gets_it_twice(self) -> None:
        got = Counter(message_id for message_id, _ in Memory.taken)
        assert all(times <= 1 + self.again[message_id] for message_id, times in got.items())
        assert Message.objects.filter(order__campaign_id=self.campaign.pk).count() <= PEOPLE

    @invariant()
    def who_was_sent_it_got_it(self) -> None:
        got = {message_id for message_id, _ in Memory.taken} | self.told
        assert set(self._messages().filter(state="sent").values_list("pk", flat=True)) <= got

    @invariant()
    def everyone_is_accounted_for_once(self) -> None:
        self.run.refresh_from_db()
        if self.run.state == self.run.State.FREEZING:
            return
        enrolled = Counter(Enrolment.objects.filter(run=self.run).values_list("contact_id", flat=True))
        planned = Counter(self._messages().values_list("contact_id", flat=True))
        assert set(enrolled.values()) <= {1} and set(planned.values()) <= {1}
        assert planned.keys() <= enrolled.keys() and len(enrolled) == self.run.audience

    @invariant()
    def cancelling_is_final(self) -> None:
        if self.cancelled_at is not None:
            self.campaign.refresh_from_db()
            assert self.campaign.state == Campaign.State.CANCELLED
            assert len(Memory.taken) == self.cancelled_at

    @invariant()
    def the_log_says_what_the_ledger_says(self) -> None:
        for state in ("sent", "skipped", "cancelled"):
            logged = DeliveryEvent.objects.filter(campaign_id=self.campaign.pk, kind=state)
            ended = set(self._messages().filter(state=state).values_list("pk", flat=True))
            assert ended <= set(logged.values_list("message_id", flat=True)), state

    def teardown(self) -> None:
        """Whatever happened, it comes to its end, and then the sums close."""
        if not hasattr(self, "run"):
            return
        for _ in range(60):
            self.campaign.refresh_from_db()
            if self.campaign.state == Campaign.State.PAUSED:
                services.resume(self.campaign, by=None)
            self.clock_jumps()
            self.crash_in_a_tick()
            self.tick()
            self.work()
            self.run.refresh_from_db()
            if self.run.state == self.run.State.ENDED:
                break
        self._check_the_end()

    def _check_the_end(self) -> None:
        assert self.run.state == self.run.State.ENDED, dict(Counter(self._messages().values_list("state", "reason")))
        states = Counter(self._messages().values_list("state", flat=True))
        assert set(states) <= set(TERMINAL)
        if self.cancelled_at is None:
            assert sum(states.values()) == self.run.audience == PEOPLE
            assert not states["cancelled"]
        self.an_opt_out_wins()
        self.nobody_gets_it_twice()
        self.cancelling_is_final()
        analytics.count(seconds=5)
        assert stream.differences(limit=5) == []
        assert not DeadLetter.objects.filter(campaign_id=self.campaign.pk, resolution="").exclude(
            message_id__in=self._messages().filter(state="failed").values("pk")
        )

    # --- helpers

    def _messages(self) -> Any:
        return Message.objects.filter(order__campaign_id=self.campaign.pk)

    def _try(self, move: Callable[[], object], *states: str) -> None:
        self.campaign.refresh_from_db()
        if self.campaign.state in states:
            move()

    def _cancel(self) -> None:
        services.cancel(self.campaign, by=None)
        self.cancelled_at = len(Memory.taken)

    def _leases_of_the_dead_run_out(self) -> None:
        self._messages().filter(state="dispatching").update(lease_until=self.now() - timedelta(seconds=1))
