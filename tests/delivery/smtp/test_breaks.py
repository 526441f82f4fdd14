"""A server that breaks off or falls silent: each message has the outcome that is true."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.providers.base import Outcome
from tests.support.smtp_client import (
    HUGE,
    LOCK_STEP,
    NOT_BEGUN,
    PERMANENT,
    SENT,
    TRANSIENT,
    UNKNOWN,
    client,
    envelope,
    outcomes,
    send,
)
from tests.support.smtp_server import ALL_FEATURES, Fault, SmtpServer


@pytest.mark.parametrize("features", [ALL_FEATURES, LOCK_STEP], ids=["pipelining", "lock-step"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("number", [0, 2, 4])
@pytest.mark.parametrize(
    ("fault", "outcome", "accepted"),
    [
        (Fault("MAIL", drop=True), TRANSIENT, False),
        (Fault("RCPT", drop=True), TRANSIENT, False),
        (Fault("DATA", drop=True), TRANSIENT, False),
        (Fault("BODY", drop=True), TRANSIENT, False),
        (Fault("DOT", drop=True), UNKNOWN, True),
        (Fault("DOT", "250 2.0.0 ok", drop=True), SENT, True),
        (Fault("DOT", "451 4.3.0 later", drop=True), TRANSIENT, False),
        (Fault("RCPT", "421 4.3.2 shutting down", drop=True), TRANSIENT, False),
        (Fault("DOT", "421 4.3.2 shutting down", drop=True), TRANSIENT, False),
        (Fault("DOT", "!$%&/( garbage", drop=False), UNKNOWN, False),
        (Fault("DOT", "354 what", drop=False), UNKNOWN, False),
        (Fault("RCPT", "garbage", drop=False), TRANSIENT, False),
        (Fault("DATA", "250 what", drop=False), TRANSIENT, False),
    ],
)
def test_a_broken_connection_costs_one_message_at_most(
    features: list[str], reset: bool, number: int, fault: Fault, outcome: Outcome, accepted: bool
) -> None:
    fault = Fault(fault.at, fault.reply, fault.drop, reset)
    features = [feature for feature in features if not feature.startswith("SIZE")]
    with SmtpServer(features=features, faults={number: fault}) as server:
        body = (b"x" * 70 + b"\r\n") * 300
        kept = client(server)
        receipts = send(kept, [envelope(n, HUGE if n == number and fault.at == "BODY" else body) for n in range(5)])
    if reset and outcome == SENT:  # a reset may destroy the 250 on its way to us: then nobody knows
        assert receipts[number].outcome in (SENT, UNKNOWN)
    else:
        assert receipts[number].outcome == outcome
    assert [receipt.outcome for n, receipt in enumerate(receipts) if n != number] == [SENT] * 4
    assert sorted(server.accepted) == [n for n in range(5) if n != number or accepted]


def test_a_silent_server_after_the_final_dot_leaves_the_message_unknown() -> None:
    with SmtpServer(faults={1: Fault("DOT", delay=30)}) as server:
        assert outcomes(server, reply_timeout=1) == [SENT, UNKNOWN, SENT, SENT, SENT]


def test_a_silent_server_before_the_body_leaves_the_message_for_later() -> None:
    with SmtpServer(faults={1: Fault("RCPT", delay=30)}) as server:
        receipts = outcomes(server, command_timeout=1, data_timeout=1)
    assert receipts == [SENT, TRANSIENT, SENT, SENT, SENT]


def test_a_server_that_always_breaks_off_is_left_alone_soon() -> None:
    with SmtpServer(faults={n: Fault("DOT", drop=True) for n in range(50)}) as server:
        found = outcomes(server, 50)
    assert found.count(UNKNOWN) <= 4
    assert found.count(UNKNOWN) + found.count(NOT_BEGUN) == 50


REPLIES = ["250 ok", "354 go", "421 4.3.2 bye", "450 later", "550 5.1.1 user unknown", "garbage"]

STEPS = st.sampled_from(["MAIL", "RCPT", "DATA", "DOT"])

FAULTS = (
    st.builds(Fault, STEPS, st.sampled_from(REPLIES), drop=st.booleans(), reset=st.booleans(), times=st.integers(1, 2))
    | st.builds(Fault, STEPS, drop=st.just(True), reset=st.booleans(), times=st.integers(1, 2))
    | st.builds(Fault, st.just("BODY"), st.sampled_from(REPLIES[1:]), drop=st.just(True), reset=st.booleans())
)


@settings(max_examples=60, deadline=None)
@given(
    faults=st.dictionaries(st.integers(0, 19), FAULTS, max_size=6),
    pipelining=st.booleans(),
    connections=st.integers(1, 3),
    limit=st.sampled_from([3, 1000]),
)
def test_whatever_happens_the_receipts_are_true(
    faults: dict[int, Fault], pipelining: bool, connections: int, limit: int
) -> None:
    features = ["PIPELINING"] if pipelining else []
    with SmtpServer(faults=faults, features=features, messages_per_connection=limit) as server:
        kept = client(server, connections=connections)
        receipts = [r for start in (0, 10) for r in send(kept, [envelope(n) for n in range(start, start + 10)])]
        kept.close()
        found = {outcome: {r.message_id for r in receipts if r.outcome == outcome} for outcome in Outcome}
    assert len(server.accepted) == len(set(server.accepted))
    assert found[SENT] <= set(server.accepted) <= found[SENT] | found[UNKNOWN]
    assert found[UNKNOWN] | found[TRANSIENT] | found[PERMANENT] <= faults.keys()
    assert server.violations == []
