"""What ended badly is sent after all, or given up: the sums close at every moment, and each passes the gate anew."""

from collections import Counter

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import engine, selectors, services
from campaigns.errors import IllegalMove
from campaigns.models import Campaign, Run
from compliance.models import Reason, Scope
from compliance.services.suppressions import suppress_email
from delivery import ledger, pipeline
from delivery.accounts import close_all
from delivery.dispositions import Choice, Unknowns
from delivery.models import DeadLetter, DeliveryEvent, Lane, Message, ProviderAccount, SendOrder
from segments.models import Contact
from tests.conftest import CommittedDb
from tests.factories import campaigns as make
from tests.factories.delivery import make_people
from tests.support.smtp_server import SmtpServer

AT = make.AT
S = Message.State
FAILURES = {"render_error": "failed", "gave_up": "failed", "sender_policy": "rejected", "address_permanent": "bounced"}


def _settle(state: str, reason: str = "", kind: str = "", limit: int = 1000) -> list[int]:
    """Let claimed messages end so, by the ledger itself."""
    claimed = ledger.claim(Lane.BULK, "email", limit=limit)
    attempts = ledger.begin({c.id: c.id for c in claimed}, account_id=1)
    kind = kind or FAILURES.get(reason, state)
    ledger.settle([ledger.Settlement(pk, n, S(state), kind, reason, "In words.") for pk, n in attempts.items()])
    return sorted(attempts)


def _ended(people: int = 4, state: str = "failed", reason: str = "sender_policy") -> Campaign:
    """A completed campaign all of whose messages ended so."""
    campaign = make.frozen(make_people(people)).campaign
    make.work()
    _settle(state, reason)
    make.work()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.COMPLETED
    return campaign


def _replay(campaign: Campaign, **choice: object) -> int:
    chosen = Choice(campaign.pk, **choice)  # type: ignore[arg-type]
    return services.replay(campaign, chosen, by=None, note=lambda n: None).count


def _taken_back(kind: str, campaign: Campaign) -> int:
    return DeliveryEvent.objects.filter(campaign_id=campaign.pk, kind=kind).count()


def test_a_replay_reopens_a_completed_campaign_which_completes_again(committed_db: CommittedDb) -> None:
    campaign = _ended()
    assert _replay(campaign) == 4
    assert campaign.state == Campaign.State.ACTIVE
    assert campaign.completed_at is None
    assert selectors.waterfall(campaign).closes
    make.work()
    assert Campaign.objects.get().state == Campaign.State.ACTIVE
    _settle("sent")
    make.work()
    assert Campaign.objects.get().state == Campaign.State.COMPLETED
    assert Run.objects.get().state == Run.State.ENDED
    assert set(SendOrder.objects.values_list("state", flat=True)) == {"closed"}
    account = selectors.waterfall(campaign)
    assert (account.sent, account.closes) == (4, True)
    assert set(DeadLetter.objects.values_list("resolution", flat=True)) == {"replayed"}
    assert _taken_back("readmitted", campaign) == 4


def test_a_replay_is_gated_anew(committed_db: CommittedDb) -> None:
    """The opt-out came while it was a dead letter."""
    campaign = _ended(2)
    gone = Contact.objects.earliest("pk")
    assert gone.email
    suppress_email(gone.email, scope=Scope.GLOBAL, scope_id=0, reason=Reason.UNSUBSCRIBED, source="test", at=AT)
    _replay(campaign)
    with SmtpServer() as server:
        config = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        ProviderAccount.objects.create(name="server", kind="smtp", config=config)
        pipeline.work_lane("bulk", seconds=30)
    close_all()
    states = dict(Message.objects.values_list("contact_id", "state"))
    assert states.pop(gone.pk) == "skipped"
    assert set(states.values()) == {"sent"}


def test_what_was_cancelled_stays_so(committed_db: CommittedDb) -> None:
    campaign = make.frozen(make_people(2)).campaign
    make.work()
    _settle("failed", "gave_up")
    services.cancel(campaign, by=None)
    with pytest.raises(IllegalMove, match="cancelled cannot be sent again"):
        _replay(campaign)
    with pytest.raises(IllegalMove):
        services.send_again(campaign, Unknowns(campaign.pk), by=None, note=lambda n: None)
    assert set(Message.objects.values_list("state", flat=True)) == {"failed"}


def test_nothing_to_replay_reopens_nothing(committed_db: CommittedDb) -> None:
    campaign = _ended(state="sent", reason="")
    assert _replay(campaign) == 0
    assert Campaign.objects.get().state == Campaign.State.COMPLETED


def test_a_refusal_by_the_mailbox_is_no_dead_letter(committed_db: CommittedDb) -> None:
    campaign = _ended(reason="address_permanent")
    assert not DeadLetter.objects.exists()
    assert _replay(campaign) == 0


def test_a_replay_takes_what_its_filter_says(committed_db: CommittedDb) -> None:
    campaign = make.frozen(make_people(3)).campaign
    make.work()
    for reason in ("render_error", "gave_up", "sender_policy"):
        _settle("failed", reason, limit=1)
    assert _replay(campaign, reason="gave_up") == 1
    (letter,) = DeadLetter.objects.filter(reason="render_error")
    assert _replay(campaign, ids=[letter.pk]) == 1
    rest = Choice(campaign.pk, fingerprint=DeadLetter.objects.get(resolution="").fingerprint)
    notes: list[int] = []
    assert services.drop(rest, by=None, note=notes.append).count == 1
    assert notes == [1]
    assert Counter(DeadLetter.objects.values_list("resolution", flat=True)) == {"replayed": 2, "dropped": 1}
    assert Message.objects.get(state="failed").reason == "sender_policy"


def test_a_message_that_fails_again_is_a_dead_letter_again(committed_db: CommittedDb) -> None:
    campaign = _ended(1)
    _replay(campaign)
    _settle("failed", "sender_policy")
    assert sorted(DeadLetter.objects.values_list("resolution", flat=True)) == ["", "replayed"]


def test_a_replay_and_the_end_of_its_campaign_cannot_pass_each_other_by(committed_db: CommittedDb) -> None:
    """The engine saw that nothing waits; before it ends the run, a replay commits."""
    campaign = make.frozen(make_people(1)).campaign
    make.work()
    _settle("failed", "gave_up")
    run = selectors.live_runs().get()
    assert selectors.is_over(run)
    _replay(campaign)
    assert not services.end(run, at=AT)
    assert Campaign.objects.get().state == Campaign.State.ACTIVE
    assert SendOrder.objects.get().state == "open"


def test_unknown_messages_are_marked_as_sent_or_sent_to_the_rest(committed_db: CommittedDb) -> None:
    campaign = _ended(3, "unknown", "no_reply")
    first = Message.objects.earliest("pk").pk
    by = User.objects.create(username="approver")
    assert services.mark_sent(Unknowns(campaign.pk, ids=[first]), note=lambda n: None).count == 1
    assert services.send_again(campaign, Unknowns(campaign.pk), by=by, note=lambda n: None).count == 2
    account = selectors.waterfall(campaign)
    assert (account.sent, account.sending, account.unknown, account.closes) == (1, 2, 0, True)
    _settle("sent")
    make.work()
    assert Campaign.objects.get().state == Campaign.State.COMPLETED
    assert (_taken_back("resolved", campaign), _taken_back("sent", campaign)) == (3, 3)


@pytest.mark.parametrize("deed", ["mark_sent", "send_again"])
def test_a_late_answer_changes_nothing_after_a_persons_word(committed_db: CommittedDb, deed: str) -> None:
    campaign = _ended(1, "unknown", "no_reply")
    (message,) = Message.objects.all()
    if deed == "mark_sent":
        services.mark_sent(Unknowns(campaign.pk), note=lambda n: None)
    else:
        services.send_again(campaign, Unknowns(campaign.pk), by=None, note=lambda n: None)
        ledger.begin({c.id: c.id for c in ledger.claim(Lane.BULK, "email", limit=1)}, account_id=1)
    before = Message.objects.values("state", "attempt").get()
    late = ledger.Settlement(message.pk, message.attempt, S.FAILED, "rejected", "sender_policy")
    assert ledger.settle([late]) == set()
    assert Message.objects.values("state", "attempt").get() == before


DEEDS = st.lists(
    st.sampled_from(["sent", "failed", "rejected", "unknown", "ready", "replay", "again", "marked", "sweep", "tick"]),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_figures_from_the_log_are_where_messages_ended(committed_db: CommittedDb, deeds: list[str]) -> None:
    """Law: for each state, the events of its kinds minus those that took them back are the messages in it."""
    campaign = make.frozen(make_people(3)).campaign
    make.work()
    for deed in deeds:
        _do(deed, campaign)
        account = selectors.waterfall(campaign)
        assert account.closes
        logged = Counter(DeliveryEvent.objects.filter(campaign_id=campaign.pk).values_list("kind", flat=True))
        assert logged["sent"] == account.sent
        failed = logged["failed"] - logged["revived"] + logged["rejected"] - logged["readmitted"]
        assert failed == sum(account.failed.values())
        assert logged["unknown"] - logged["resolved"] == account.unknown
        open_letters = DeadLetter.objects.filter(campaign_id=campaign.pk, resolution="").count()
        assert open_letters == sum(account.failed.values())


def _do(deed: str, campaign: Campaign) -> None:
    match deed:
        case "replay":
            _replay(campaign)
        case "again":
            services.send_again(campaign, Unknowns(campaign.pk), by=None, note=lambda n: None)
        case "marked":
            services.mark_sent(Unknowns(campaign.pk, reason="no_reply"), note=lambda n: None)
        case "sweep":
            ledger.sweep()
        case "tick":
            engine.end_runs(at=AT)
        case "rejected":
            _settle("failed", "sender_policy", "rejected", limit=1)
        case "failed":
            _settle("failed", "gave_up", limit=2)
        case "unknown":
            _settle("unknown", "no_reply", limit=2)
        case _:
            _settle(deed, limit=1, kind="deferred" if deed == "ready" else "")
