"""One contract, every kind of provider: what it says of a message is true, and it says it of each."""

import logging
import time
from collections import Counter

import pytest

from delivery.providers import PROVIDERS
from delivery.providers.base import Outcome, Receipt, Trouble
from tests.support.fake_esps import KEY, RETRY_AFTER_S
from tests.support.provider_places import ESPS, KINDS, Place, envelope, place
from tests.support.waiting import PATIENCE_S

FAULTS = [
    "accept", "refuse", "throttle", "outage", "accept_then_500", "accept_then_timeout", "drop", "accept_then_drop",
    "garbage", "unauthorised",
]  # fmt: skip
NOT_TAKEN = {Outcome.TRANSIENT, Outcome.PERMANENT, Outcome.NOT_BEGUN}


def send(at: Place, *numbers: int, seconds: float = 2.6) -> list[Receipt]:
    return at.provider.send([envelope(number) for number in numbers], begin_before=time.monotonic() + seconds)


def test_the_suite_runs_over_every_kind_there_is() -> None:
    assert {provider.kind for provider in PROVIDERS} == set(KINDS)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_it_says_of_a_message_is_true(kind: str, fault: str) -> None:
    with place(kind, [(7, fault)]) as at:
        receipts = send(at, 6, 7, 8)
        taken = at.accepted()
    said = {receipt.message_id: receipt.outcome for receipt in receipts}
    assert list(said) == [6, 7, 8]  # one receipt for each envelope, in order
    assert set(taken) <= {n for n, outcome in said.items() if outcome not in NOT_TAKEN}  # so none is sent again
    assert {n for n, outcome in said.items() if outcome is Outcome.SENT} <= set(taken)  # so none is lost
    assert max(Counter(taken).values(), default=1) == 1
    for receipt in receipts:  # the same receipts go into the log of delivery events
        assert "p7@" not in receipt.detail
        assert KEY not in receipt.detail


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_recipient_harms_nobody_else(kind: str) -> None:
    with place(kind, [(7, "refuse")]) as at:
        receipts = send(at, 6, 7, 8, seconds=PATIENCE_S)
    assert [receipt.outcome for receipt in receipts] == [Outcome.SENT, Outcome.PERMANENT, Outcome.SENT]


@pytest.mark.parametrize("kind", ESPS)
def test_too_fast_holds_for_the_account_and_spends_nobodys_attempt(kind: str) -> None:
    with place(kind, [(1, "throttle")], connections=1) as at:
        receipts = send(at, 1, 2, 3)
        assert at.accepted() == []
        assert len(at.server.requests) == 1  # the others were not even tried
    assert {receipt.outcome for receipt in receipts} == {Outcome.NOT_BEGUN}
    assert {(receipt.category, receipt.retry_after_s) for receipt in receipts} == {(Trouble.THROTTLED, RETRY_AFTER_S)}


@pytest.mark.parametrize("kind", ESPS)
def test_a_wrong_key_is_the_accounts_fault_and_never_the_recipients(kind: str) -> None:
    with place(kind, [(1, "unauthorised")]) as at:
        (receipt,) = send(at, 1)
    assert (receipt.outcome, receipt.category) == (Outcome.TRANSIENT, Trouble.ACCOUNT)


@pytest.mark.parametrize("kind", ESPS)
@pytest.mark.parametrize("fault", ["accept_then_500", "accept_then_drop"])
def test_what_may_have_been_taken_is_unknown_unless_the_esp_takes_it_only_once(kind: str, fault: str) -> None:
    with place(kind, [(1, fault)]) as at:
        (receipt,) = send(at, 1)
        assert at.accepted() == [1]
        tries = len(at.server.requests)
    assert receipt.outcome is Outcome.UNKNOWN
    assert (tries > 1) == at.provider.idempotency_key


@pytest.mark.parametrize("kind", [kind for kind in ESPS if PROVIDERS.get(kind).idempotency_key])
def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(kind: str) -> None:
    with place(kind) as at:
        at.server.fault_of = lambda handed: "accept" if len(at.server.requests) > 1 else "accept_then_500"
        (receipt,) = send(at, 1)
        assert at.accepted() == [1]
        keys = {handed.idempotency_key for handed in at.server.requests}
    assert receipt.outcome is Outcome.SENT
    assert len(keys) == 1
    assert keys != {""}


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_listens_nothing_was_begun(kind: str) -> None:
    with place(kind) as at:
        at.stop()
        receipts = send(at, 1, 2)
    assert {receipt.outcome for receipt in receipts} == {Outcome.NOT_BEGUN}
    assert {receipt.retry_after_s for receipt in receipts} == {None}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_begun_after_the_deadline(kind: str) -> None:
    with place(kind) as at:
        receipts = send(at, 1, 2, seconds=-0.1)
        assert at.accepted() == []
    assert {(receipt.outcome, receipt.retry_after_s) for receipt in receipts} == {(Outcome.NOT_BEGUN, 0)}


@pytest.mark.parametrize("kind", KINDS)
def test_its_connections_are_kept(kind: str) -> None:
    with place(kind, connections=1) as at:
        for number in range(4):
            send(at, number, seconds=PATIENCE_S)
        assert at.accepted() == [0, 1, 2, 3]
        assert at.server.connections == 1


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_closed_twice_and_used_again(kind: str) -> None:
    with place(kind) as at:
        at.provider.close()
        at.provider.close()
        assert [receipt.outcome for receipt in send(at, 1, seconds=PATIENCE_S)] == [Outcome.SENT]
        at.provider.close()
        at.provider.close()


@pytest.mark.parametrize("kind", KINDS)
def test_no_address_and_no_key_in_what_it_logs_or_shows(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with place(kind, [(n, fault) for n, fault in enumerate(FAULTS)]) as at:
        send(at, *range(len(FAULTS)))
        shown = f"{caplog.text} {at.provider!r} {getattr(at.provider, '_config', '')!r}"
    assert "@example.test" not in shown
    assert KEY not in shown


@pytest.mark.parametrize("kind", ESPS)
def test_the_headers_that_count_and_our_id_arrive(kind: str) -> None:
    with place(kind) as at:
        send(at, 5, seconds=PATIENCE_S)
        (handed,) = at.server.requests
    assert handed.reference == "msg_5"
    assert handed.message_id == "<msg_5@acme.test>"
    assert handed.headers["list-unsubscribe"] == "<https://acme.test/u/token>"
    assert handed.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert handed.headers["feedback-id"] == "cmp_1:bulk:brd_1"
    assert handed.headers["list-id"].endswith("<weekly.acme.test>")
    assert handed.subject == "Frühling – für dich"
    assert handed.html.strip() == "<p>Hé € there</p>"
    assert handed.text.strip() == "Hé € there"
    if at.provider.takes_mime:  # type: ignore[attr-defined]
        assert handed.raw.endswith(envelope(5).data)  # byte for byte, after what the ESP wants on top


@pytest.mark.parametrize("kind", [kind for kind in ESPS if PROVIDERS.get(kind).can_look_up])
def test_it_can_be_asked_what_became_of_a_message(kind: str) -> None:
    with place(kind, [(2, "accept_then_500"), (3, "drop")]) as at:
        send(at, 2, 3)
        asked = {number: f"msg_{number}@acme.test" for number in (2, 3)}
        assert at.provider.look_up(asked) == {2: Outcome.SENT}


@pytest.mark.parametrize("kind", KINDS)
def test_asking_where_there_is_no_answer_gives_none(kind: str) -> None:
    with place(kind) as at:
        at.stop()
        assert at.provider.look_up({1: "msg_1@acme.test"}) == {}
