"""The bytes of a message, held against the standard library's parser."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.mime import BadHeader, HeaderInjection, Letterhead, bodies
from templates.pieces import Static

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PERSON: dict[str, Any] = {
    "to_name": "Ana",
    "to_email": "ana@example.test",
    "subject": "News",
    "html": "<p>Hello</p>",
    "text": "Hello",
    "message_id": "k7qm2@acme.test",
    "date": AT,
}
URL = "https://news.acme.test/u/" + "x" * 300


def letterhead(**changes: Any) -> Letterhead:
    return Letterhead(**{"from_name": "Acme", "from_email": "news@acme.test", **changes})


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert value.defects == ()
    return message


def assemble(**changes: Any) -> EmailMessage:
    return parsed(letterhead().assemble(**{**PERSON, **changes}))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    content: str = part.get_content()
    return content


def unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def spaced(text: str) -> str:
    """A control character in a header becomes a space."""
    return re.sub(r"[\x01-\x1f\x7f]", " ", text)


def display_name(raw: bytes, field: str) -> str:
    """By the older of the two parsers: the newer one keeps the space between two encoded words in a name."""
    value = message_from_bytes(raw)[field].replace("\r\n", "")
    return str(make_header(decode_header(parseaddr(value)[0])))


HEADER_TEXT = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=150)
BODY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
LONG_BODY = st.builds(
    lambda pieces, times: "".join(pieces) * times,
    st.lists(
        st.sampled_from(["=3D", " ", "\t", ".", "\n", "\r\n", "\n.", "é", "🎉", "日本", "a" * 77, "\nFrom ", "\x07"])
        | BODY_TEXT,
        max_size=8,
    ),
    st.integers(1, 30),
)


@settings(max_examples=300, deadline=None)
@given(from_name=HEADER_TEXT, to_name=HEADER_TEXT, subject=HEADER_TEXT, text=LONG_BODY, html=LONG_BODY)
def test_the_standard_parser_reads_back_what_was_written(
    from_name: str, to_name: str, subject: str, text: str, html: str
) -> None:
    raw = letterhead(from_name=from_name).assemble(
        **{**PERSON, "to_name": to_name, "subject": subject, "text": text, "html": html + "<"}
    )
    message = parsed(raw)
    assert message["Subject"] == spaced(subject)
    assert [address.addr_spec for address in message["From"].addresses] == ["news@acme.test"]
    assert [address.addr_spec for address in message["To"].addresses] == ["ana@example.test"]
    assert display_name(raw, "From") == " ".join(spaced(from_name).split())
    assert display_name(raw, "To") == " ".join(spaced(to_name).split())
    assert message["Message-ID"] == "<k7qm2@acme.test>"
    assert message["Date"].datetime == AT
    assert unix(body(message, "plain")) == unix(text)
    assert unix(body(message, "html")) == unix(html + "<")


@settings(max_examples=300, deadline=None)
@given(name=HEADER_TEXT, subject=HEADER_TEXT, text=LONG_BODY, html=LONG_BODY)
def test_the_bytes_pass_any_server(name: str, subject: str, text: str, html: str) -> None:
    raw = letterhead(from_name=name, list_name=name, list_id="weekly.acme.test").assemble(
        **{**PERSON, "to_name": name, "subject": subject, "text": text, "html": html}
    )
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.endswith(b"\r\n")
    assert b"\n." not in raw
    assert raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert not any(line.isspace() for line in head.split(b"\r\n"))


@pytest.mark.parametrize("field", ["to_name", "to_email", "subject", "message_id", "unsubscribe_url"])
@pytest.mark.parametrize("evil", ["a\r\nBcc: all@evil.test", "a\nb", "a\rb", "a\0b"])
def test_a_line_break_in_a_header_is_refused(field: str, evil: str) -> None:
    with pytest.raises(HeaderInjection):
        assemble(**{field: evil})


@pytest.mark.parametrize("field", ["from_name", "from_email", "reply_to", "list_name", "feedback_id"])
def test_a_line_break_on_the_letterhead_is_refused(field: str) -> None:
    with pytest.raises(HeaderInjection):
        letterhead(list_id="weekly.acme.test", **{field: "a\r\nBcc: all@evil.test"})


def test_an_extra_header_cannot_bring_another() -> None:
    with pytest.raises(HeaderInjection):
        letterhead(extra=[("X-Tag", "a\r\nBcc: all@evil.test")])
    with pytest.raises(BadHeader):
        letterhead(extra=[("X-Tag: a\r\nBcc", "all@evil.test")])


@pytest.mark.parametrize(
    "email", ["ana", "@example.test", "ana@", "ana@exa mple.test", "a@b.test>, <eve@evil.test", "ana@-.test"]
)
def test_what_is_not_one_address_is_refused(email: str) -> None:
    with pytest.raises(BadHeader):
        assemble(to_email=email)


def test_an_international_domain_is_written_as_its_a_label() -> None:
    message = assemble(to_email="ana@bücher.example")
    assert message["To"].addresses[0].addr_spec == "ana@xn--bcher-kva.example"


def test_an_international_local_part_is_written_in_utf8() -> None:
    raw = letterhead().assemble(**{**PERSON, "to_email": "añá@bücher.example"})
    assert "To: Ana <añá@xn--bcher-kva.example>\r\n".encode() in raw


def test_an_unusual_local_part_is_quoted() -> None:
    assert assemble(to_email="a,b@example.test")["To"].addresses[0].username == "a,b"


def test_a_hostile_name_stays_a_name() -> None:
    for name in ('"; <eve@evil.test>', "Ana, eve@evil.test", "=?utf-8?b?QW5h?=", "a\\", '"', "(comment)"):
        to = assemble(to_name=name)["To"]
        assert [(a.display_name, a.addr_spec) for a in to.addresses] == [(name, "ana@example.test")]


def test_a_long_plain_subject_is_folded_at_its_spaces_not_encoded() -> None:
    subject = "Seven things that you would not have thought a subject line could ever need to say about folding"
    raw = letterhead().assemble(**{**PERSON, "subject": subject})
    assert b"=?" not in raw
    assert parsed(raw)["Subject"] == subject


def test_one_click_headers_are_exact_and_the_address_is_not_folded() -> None:
    raw = letterhead().assemble(**PERSON, unsubscribe_url=URL)
    assert raw.count(b"\r\nList-Unsubscribe:") == raw.count(b"\r\nList-Unsubscribe-Post:") == 1
    assert f"\r\nList-Unsubscribe: <{URL}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


@pytest.mark.parametrize(
    "url", ["mailto:stop@acme.test", "https://a.test/ x", "https://a.test/>", "https://é.test/", URL * 4]
)
def test_what_is_not_one_web_address_is_no_unsubscribe_link(url: str) -> None:
    with pytest.raises(BadHeader):
        assemble(unsubscribe_url=url)


def test_transactional_mail_carries_no_list_headers() -> None:
    message = parsed(letterhead(bulk=False).assemble(**PERSON))
    assert not [name for name in message if name.startswith("List-") or name == "Precedence"]
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_letterhead_is_on_every_message() -> None:
    message = parsed(
        letterhead(
            reply_to="help@acme.test",
            list_name="Wöchentlich",
            list_id="weekly.acme.test",
            feedback_id="a:b:c:postrider",
            extra=[("X-Stream", "news")],
        ).assemble(**PERSON)
    )
    assert message["Reply-To"] == "help@acme.test"
    assert message["List-Id"] == "Wöchentlich <weekly.acme.test>"
    assert message["Feedback-ID"] == "a:b:c:postrider"
    assert message["X-Stream"] == "news"
    assert message["Precedence"] == "bulk"
    assert message["MIME-Version"] == "1.0"


def test_a_bad_list_id_is_refused() -> None:
    with pytest.raises(BadHeader):
        letterhead(list_id="weekly news")


def test_the_same_message_has_the_same_bytes() -> None:
    one, other = (letterhead().assemble(**PERSON, unsubscribe_url=URL) for _ in range(2))
    assert one == other


def test_text_alone_is_a_single_part() -> None:
    message = assemble(html="", text="Grüße\n")
    assert message.get_content_type() == "text/plain"
    assert unix(message.get_content()).rstrip("\n") == "Grüße"


def test_text_comes_before_html() -> None:
    kinds = [part.get_content_type() for part in assemble().iter_parts()]
    assert kinds == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain\nlines", "7bit"),
        ("x" * 999, "quoted-printable"),
        ("mostly plain, one é in it, and so on and so forth", "quoted-printable"),
        ("こんにちは世界", "base64"),
        ("a bell\x07", "quoted-printable"),
    ],
)
def test_each_body_takes_the_plainest_encoding_that_is_safe(text: str, encoding: str) -> None:
    part = assemble(text=text).get_body(("plain",))
    assert part is not None
    assert part["Content-Transfer-Encoding"] == encoding


PIECES = st.lists(
    LONG_BODY | st.builds(lambda text: Static(text.replace("\r", "")), LONG_BODY) | st.just(Static("static " * 40)),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(PIECES, PIECES)
def test_a_body_in_pieces_says_what_they_say_joined(text: list[str], html: list[str]) -> None:
    raw = letterhead().assemble(**{**PERSON, "text": text, "html": [*html, "<"]})
    message = parsed(raw)
    assert unix(body(message, "plain")) == "".join(map(unix, text))
    assert unix(body(message, "html")) == "".join(map(unix, [*html, "<"]))
    assert raw.isascii()
    assert b"\n." not in raw
    assert raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n")
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        if part is not None and part["Content-Transfer-Encoding"] == "quoted-printable":
            assert max(map(len, part.as_bytes().partition(b"\n\n")[2].splitlines()), default=0) <= 76


def test_what_all_messages_share_is_encoded_once() -> None:
    shared = Static("Grüße an alle, die dies lesen, und an jene, die es nicht lesen. " * 3)
    before = bodies._static.cache_info().hits
    for name in ("Ana", "Ben"):
        assemble(html=[shared, name])
    assert bodies._static.cache_info().hits == before + 1
