"""What a refusal means: only what is the address's own fault may suppress it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.classification import Category, classify, detail, enhanced_status, retry_after

ADDRESS, MAILBOX, SENDER, MESSAGE, TRANSIENT, UNKNOWN = Category


@pytest.mark.parametrize(
    ("code", "text", "category"),
    [
        # the address
        (550, "5.1.1 The email account that you tried to reach does not exist. Please try double-checking", ADDRESS),
        (550, "5.1.1 <ana@example.test>: Recipient address rejected: User unknown in virtual mailbox table", ADDRESS),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ana@example.test not found by SMTP lookup", ADDRESS),
        (550, "5.1.2 Host unknown", ADDRESS),
        (550, "5.1.3 bad destination mailbox address syntax", ADDRESS),
        (550, "5.1.6 Mailbox has moved", ADDRESS),
        (550, "5.2.1 no such user here", ADDRESS),
        (550, "5.7.17 Mailbox owner has changed", ADDRESS),
        (550, "5.7.18 Domain owner has changed", ADDRESS),
        (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", ADDRESS),
        (550, "5.7.1 ana@example.test: user unknown", ADDRESS),
        (550, "user unknown", ADDRESS),
        (550, "No such user here", ADDRESS),
        (550, "Requested action not taken: mailbox unavailable", ADDRESS),
        (554, "delivery error: dd This user doesn't have a yahoo.com account (ana@yahoo.test)", ADDRESS),
        (551, "User not local; please try <forward-path>", ADDRESS),
        (556, "Domain does not accept mail", ADDRESS),
        # the mailbox, for now
        (552, "5.2.2 The email account that you tried to reach is over quota", MAILBOX),
        (550, "5.2.1 mailbox is over quota", MAILBOX),
        (550, "5.1.1 user is over quota", MAILBOX),
        (452, "4.2.2 Mailbox full", MAILBOX),
        (450, "ana@example.test exceeded its storage quota", MAILBOX),
        (552, "Requested mail action aborted: exceeded storage allocation", MAILBOX),
        (550, "5.2.1 The email account that you tried to reach is disabled", MAILBOX),
        (550, "5.7.13 user account disabled", MAILBOX),
        # the sender
        (550, "5.7.26 This message does not pass authentication checks", SENDER),
        (
            550,
            "5.7.515 Access denied, sending domain acme.test does not meet the required authentication level",
            SENDER,
        ),
        (550, "5.7.1 Message rejected due to content", SENDER),
        (554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", SENDER),
        (550, "5.1.1 sender is on our block list", SENDER),
        (554, "Transaction failed. IP reputation too low", SENDER),
        (550, "5.1.8 Sender address rejected: Domain not found", SENDER),
        (421, "4.7.28 Gmail has detected an unusual rate of unsolicited mail", SENDER),
        (535, "5.7.8 Authentication credentials invalid", SENDER),
        (554, "5.7.1 Relay access denied", SENDER),
        # the message
        (552, "5.3.4 Message size exceeds fixed limit", MESSAGE),
        (552, "message too large", MESSAGE),
        (550, "5.6.0 bad header", MESSAGE),
        (554, "5.6.7 SMTPUTF8 is required, but was not offered", MESSAGE),
        (550, "5.2.3 message length exceeds administrative limit", MESSAGE),
        # nobody, for now
        (421, "4.3.2 shutting down", TRANSIENT),
        (451, "4.7.1 Greylisted, please try again in 300 seconds", TRANSIENT),
        (450, "4.1.1 user unknown", TRANSIENT),
        (554, "4.4.7 delivery time expired", TRANSIENT),
        # not said
        (554, "Transaction failed", UNKNOWN),
        (550, "", UNKNOWN),
        (550, "5.5.0 rejected", UNKNOWN),
        (554, "5.4.6 routing loop detected", UNKNOWN),
    ],
)
def test_refusals_are_sorted_by_fault(code: int, text: str, category: Category) -> None:
    assert classify(code, enhanced_status(text), text) == category


@given(st.integers(400, 499), st.sampled_from(["5.1.1", "4.1.1", None]), st.text())
def test_a_temporary_code_never_condemns_an_address(code: int, enhanced: str | None, text: str) -> None:
    assert classify(code, enhanced, text) != Category.ADDRESS_PERMANENT


@given(st.integers(19, 999).filter(lambda n: n not in (13, 17, 18)), st.sampled_from([550, 554, 571]))
def test_a_policy_storm_condemns_nobody(number: int, code: int) -> None:
    assert classify(code, f"5.7.{number}", f"5.7.{number} rejected") == Category.SENDER_POLICY


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4.7.1 Greylisted, please try again in 300 seconds", 300),
        ("Try again in 5 minutes", 300),
        ("greylisted for 2 min", 120),
        ("please retry after 1 hour", 3600),
        ("come back in 90s", 90),
        ("wait 99999 hours", 86_400),
        ("try again later", None),
        ("4.7.1 policy 300", None),
    ],
)
def test_a_hint_when_to_come_back_is_read(text: str, seconds: int | None) -> None:
    assert retry_after(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "5.1.1 <ana.banana@example.test>: user unknown",
        "user ana.banana@example.test, unknown",
        "see https://mx.test/why?to=ana.banana%40example.test&x=1",
        '"ana.banana"@example.test unknown',
        "from=ana.banana@example.test",
    ],
)
def test_what_is_kept_holds_no_address(text: str) -> None:
    assert "banana" not in detail(text)
    assert "example.test" in detail(text)


def test_what_is_kept_is_one_line_of_bounded_length() -> None:
    assert detail("a\r\nb\tc") == "a b c"
    assert len(detail("word " * 1000)) == 500


@pytest.mark.parametrize(
    ("text", "status"),
    [("5.1.1 x", "5.1.1"), ("x 4.7.28: y", "4.7.28"), ("from 192.5.1.1 blocked", None), ("5.1", None), ("", None)],
)
def test_the_enhanced_status_is_found(text: str, status: str | None) -> None:
    assert enhanced_status(text) == status
