"""A mail taken apart: links, files, and what is malformed."""

from email.message import EmailMessage

import pytest

from delivery.mailbox import reading
from delivery.mailbox.store import Mailbox
from tests.support.raw_mails import HOSTILE, raw


def test_links_are_listed_with_their_labels() -> None:
    links = reading.read(raw(html=HOSTILE)).links
    assert [(link.label, link.url, link.followable) for link in links] == [
        ("Read more", "https://acme.test/a?b=1&c=2", True),
        ("no", "javascript:steal()", False),
        ("Unsubscribe", "https://acme.test/u/token", True),
    ]


def test_links_of_a_text_mail_are_found() -> None:
    assert [link.url for link in reading.read(raw(html="")).links] == ["https://acme.test/text"]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\r\n\r\n",
        b"no headers at all",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed\r\n\r\n--x",
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Subject: =?utf-8?b?//8=?= =?x-none?q?a?=\r\nFrom: <\r\nContent-Type: ;;;\r\n\r\nx",
    ],
)
def test_a_malformed_mail_is_shown_as_it_stands(mailbox: Mailbox, broken: bytes) -> None:
    reading.read(broken)
    key = mailbox.add("a@acme.test", ["ana@example.test"], broken)
    assert mailbox.summary(key)


def test_files_that_came_along_are_found() -> None:
    mail = EmailMessage()
    mail.set_content("See the file.")
    mail.add_attachment(b"a,b", maintype="text", subtype="csv", filename="list.csv")
    (found,) = reading.read(mail.as_bytes()).attachments
    assert (found.name, found.kind, found.data) == ("list.csv", "text/csv", b"a,b")
