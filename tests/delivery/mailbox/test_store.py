"""The store: what SMTP hands it is kept whole, found, read and unread."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from delivery.mailbox.store import Mailbox
from tests.support.raw_mails import raw


def test_a_mail_is_stored_as_it_came_with_its_envelope_before_it(mailbox: Mailbox) -> None:
    key = mailbox.add("b+1@acme.test", ["ana@example.test", "ben@example.test"], raw("Grüße"))
    stored = mailbox.raw(key)
    assert stored
    assert stored.endswith(b"Delivered-To: ben@example.test\r\n" + raw("Grüße"))
    summary = mailbox.summary(key)
    assert summary
    assert summary.recipients == ("ana@example.test", "ben@example.test")
    assert summary.message_id == "<m0@acme.test>"
    assert summary.subject == "Grüße"
    assert abs((summary.at - datetime.now(UTC)).total_seconds()) < 60


def test_mails_are_counted_and_listed_in_order_of_arrival(mailbox: Mailbox) -> None:
    for number in range(30):
        mailbox.add("b@acme.test", [f"p{number}@example.test"], raw(f"Mail {number}", number=number))
    assert mailbox.count() == 30
    assert [mail.message_id for mail in mailbox.iter_messages()] == [f"<m{n}@acme.test>" for n in range(30)]
    first, last, beyond = mailbox.page(1), mailbox.page(2), mailbox.page(99)
    assert [mail.subject for mail in first.mails] == [f"Mail {n}" for n in range(29, 4, -1)]
    assert [mail.subject for mail in last.mails] == [f"Mail {n}" for n in range(4, -1, -1)]
    assert beyond == last
    assert (first.pages, first.total) == (2, 30)


@pytest.mark.parametrize(("words", "found"), [("BEN@", 1), ("sale", 2), ("example.test sale", 2), ("nobody", 0)])
def test_mails_are_found_by_recipient_and_subject(mailbox: Mailbox, words: str, found: int) -> None:
    mailbox.add("b@acme.test", ["ana@example.test"], raw("Große Sale"))
    mailbox.add("b@acme.test", ["ben@example.test"], raw("Sale"))
    mailbox.add("b@acme.test", ["cleo@example.test"], raw("Hello"))
    assert mailbox.page(words=words).total == found


def test_a_mail_that_a_mail_program_has_moved_is_still_there(mailbox: Mailbox, settings: Settings) -> None:
    key = mailbox.add("b@acme.test", ["ana@example.test"], raw())
    folder = Path(settings.MAILBOX_DIR)
    (folder / "new" / key).rename(folder / "cur" / f"{key}:2,S")
    assert mailbox.count() == 1
    assert mailbox.summary(key)
    assert mailbox.raw(key)


def test_readers_see_whole_mails_while_others_write(mailbox: Mailbox) -> None:
    body = raw(html="<p>" + "x" * 200_000)
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(mailbox.add, "b@acme.test", [f"p{n}@example.test"], body) for n in range(100)]
        while not all(writer.done() for writer in writers):
            for mail in mailbox.iter_messages():
                assert mail.size > 200_000
    assert mailbox.count() == 100


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "x", "0" * 19 + ".1_1", "*"])
def test_what_is_no_key_opens_nothing(mailbox: Mailbox, key: str) -> None:
    mailbox.add("b@acme.test", ["ana@example.test"], raw())
    assert mailbox.raw(key) is None
    assert mailbox.summary(key) is None


def test_an_empty_mailbox_is_empty(tmp_path: Path) -> None:
    box = Mailbox(tmp_path / "none")
    assert (box.count(), list(box.iter_messages()), box.page().mails) == (0, [], [])


def test_clearing_removes_everything(mailbox: Mailbox) -> None:
    mailbox.add("b@acme.test", ["ana@example.test"], raw())
    mailbox.clear()
    assert mailbox.count() == 0


def test_an_opened_mail_is_read_and_stays_where_it_was(mailbox: Mailbox) -> None:
    keys = [mailbox.add("b@acme.test", ["ana@example.test"], raw(number=n)) for n in range(3)]
    mailbox.mark_read(keys[1])
    mailbox.mark_read(keys[1])
    mailbox.mark_read("../nonsense")
    assert mailbox.unread() == {keys[0], keys[2]}
    assert [mail.key for mail in mailbox.page().mails] == keys[::-1]
    assert [mail.key for mail in mailbox.page(unread=True).mails] == [keys[2], keys[0]]
    assert mailbox.raw(keys[1])


def test_mails_of_one_campaign_are_found(mailbox: Mailbox) -> None:
    ours = raw().replace(b"Precedence:", b"Feedback-ID: Ab12:bulk:Cd34\r\nPrecedence:")
    assert ours != raw()
    key = mailbox.add("b@acme.test", ["ana@example.test"], ours)
    mailbox.add("b@acme.test", ["ana@example.test"], raw())
    assert [mail.key for mail in mailbox.page(campaign="Ab12").mails] == [key]
    assert mailbox.page(campaign="other").total == 0
