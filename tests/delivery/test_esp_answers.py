"""What ESPs are given, and what they answer in their documented words, and whose fault it is: only a recipient's may
touch the recipient.
"""

from datetime import UTC, datetime

import pytest
from anymail.utils import parse_single_address
from hypothesis import given
from hypothesis import strategies as st

from delivery.mime import Letterhead
from delivery.providers.base import Envelope, Outcome, Trouble
from delivery.providers.esp import answers, messages

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
REFUSALS = [
    # the account
    (401, '{"message": "Key not found", "code": "unauthorized"}', Outcome.TRANSIENT, Trouble.ACCOUNT),
    (403, '{"code": "AccessDeniedException", "message": "not authorized"}', Outcome.TRANSIENT, Trouble.ACCOUNT),
    (402, "{}", Outcome.TRANSIENT, Trouble.ACCOUNT),
    (404, '{"message": "Domain not found: mg.acme.test"}', Outcome.TRANSIENT, Trouble.ACCOUNT),
    (301, "", Outcome.TRANSIENT, Trouble.ACCOUNT),
    (422, '{"ErrorCode": 405, "Message": "Not allowed to send: out of credits"}', Outcome.TRANSIENT, Trouble.ACCOUNT),
    # the sender
    (403, '{"errors": [{"message": "The from address does not match a verified Sender Identity."}]}',
     Outcome.TRANSIENT, "sender_policy"),
    (422, '{"ErrorCode": 400, "Message": "The Sender signature was not found"}', Outcome.TRANSIENT, "sender_policy"),
    (400, '{"code": "MessageRejected", "message": "Email address is not verified: news@acme.test"}',
     Outcome.TRANSIENT, "sender_policy"),
    (400, '{"errors": [{"message": "Unconfigured Sending Domain <acme.test>"}]}', Outcome.TRANSIENT, "sender_policy"),
    # the message
    (400, '{"errors": [{"message": "Invalid type", "field": "subject"}]}', Outcome.PERMANENT, "message_permanent"),
    (413, "too large", Outcome.PERMANENT, "message_permanent"),
    (400, '{"message": "from parameter is not a valid address"}', Outcome.PERMANENT, "message_permanent"),
    # the recipient
    (400, '{"message": "to parameter is not a valid address"}', Outcome.PERMANENT, "address_permanent"),
    (422, '{"message": "Invalid `to` field. It needs the right format."}', Outcome.PERMANENT, "message_permanent"),
    (400, '{"message": "Address is on the suppression list"}', Outcome.PERMANENT, "provider_suppressed"),
    # nobody knows
    (500, "oops", Outcome.UNKNOWN, "unknown"),
    (503, "later", Outcome.UNKNOWN, "unknown"),
    (408, "", Outcome.UNKNOWN, "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "outcome", "category"), REFUSALS)
def test_whose_fault_it_is(status: int, body: str, outcome: Outcome, category: str) -> None:
    receipt = answers.refused(status, {}, body, account_codes=frozenset({"405"}))
    assert (receipt.outcome, receipt.category) == (outcome, category)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0", 1), ("999999", 3600), ("Thu, 01 Jan 2026 12:00:30 GMT", 31), ("", 5), ("soon", 5),
     ("Thu, 01 Jan 2026 11:00:00 GMT", 1)],
)  # fmt: skip
def test_how_long_to_wait(value: str, seconds: int) -> None:
    assert answers.retry_after(value, at=AT) == seconds


@given(st.integers(100, 599), st.text(max_size=300), st.text(max_size=40))
def test_whatever_they_say_there_is_a_receipt(status: int, body: str, retry_after: str) -> None:
    receipt = answers.refused(status, {"Retry-After": retry_after}, body, account_codes=frozenset())
    assert receipt.outcome is not Outcome.SENT
    assert (receipt.outcome is Outcome.UNKNOWN) == (status >= 500 or status == 408)


def test_a_message_in_parts_says_what_the_whole_one_says() -> None:
    head = Letterhead(
        from_name="Müller, Söhne", from_email="news@acme.test", reply_to="help@acme.test", list_name="",
        list_id="weekly.acme.test", feedback_id="a:b:c",
    )  # fmt: skip
    data = head.assemble(
        to_name='Zoé "Z" Ünal', to_email="用户@example.test", subject="Grüße " * 30, html="<p>€\n\nline</p>",
        text="€\nline", message_id="m1@acme.test", date=AT, unsubscribe_url="https://acme.test/u/" + "x" * 200,
    )  # fmt: skip
    message = messages.in_parts(Envelope(1, "b@acme.test", "用户@example.test", data))
    assert message.subject == ("Grüße " * 30)
    assert message.body == "€\nline"
    assert [content for content, _ in message.alternatives] == ["<p>€\n\nline</p>"]
    assert [parse_single_address(one).addr_spec for one in message.to] == ["用户@example.test"]
    assert parse_single_address(message.to[0]).display_name == 'Zoé "Z" Ünal'
    assert parse_single_address(message.from_email).display_name == "Müller, Söhne"
    assert message.reply_to == ["help@acme.test"]
    assert message.extra_headers["List-Unsubscribe"] == f"<https://acme.test/u/{'x' * 200}>"
    assert {name.lower() for name in message.extra_headers} >= {"list-unsubscribe-post", "feedback-id", "message-id"}
    assert not {name.lower() for name in message.extra_headers} & {"to", "from", "subject", "date", "content-type"}
