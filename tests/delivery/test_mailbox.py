"""The local mailbox: what SMTP hands it is stored whole, and shown to staff without harm."""

import asyncio
import os
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries, Settings

from compliance.models import Suppression
from delivery.mailbox import reading
from delivery.mailbox.server import PortTaken, serve
from delivery.mailbox.store import Mailbox
from delivery.mime import Letterhead
from delivery.models import Hit
from delivery.providers.base import Envelope, Outcome
from delivery.smtp import Client, Config
from tests.factories.api import person
from tests.support.tracked import BROWSER, UNSUBSCRIBE, mail

HOSTILE = (
    '<p onclick="steal()">Hello</p><script>parent.location = "https://evil.test"</script>'
    '<a href="https://acme.test/a?b=1&amp;c=2">Read <b>more</b></a> <a href="javascript:steal()">no</a>'
    '<a href="https://acme.test/u/token"><img src="x.png" alt="Unsubscribe"></a>'
)


def raw(subject: str = "Hello", *, html: str = "<p>Hello</p>", to: str = "ana@example.test", number: int = 0) -> bytes:
    return Letterhead(from_name="Acme", from_email="news@acme.test").assemble(
        to_name="Ana",
        to_email=to,
        subject=subject,
        html=html,
        text="Hello, see https://acme.test/text.",
        message_id=f"m{number}@acme.test",
        date=datetime(2026, 11, 22, tzinfo=UTC),
    )


@pytest.fixture
def mailbox(tmp_path: Path, settings: Settings) -> Mailbox:
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    box = Mailbox(settings.MAILBOX_DIR)
    box.make_folders()
    return box


@dataclass
class Server:
    port: int = 0


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Server]:
    loop, running = asyncio.new_event_loop(), Server()
    ready = threading.Event()

    def say(port: int) -> None:
        running.port = port
        ready.set()

    task = loop.create_task(serve(mailbox, "127.0.0.1", 0, ready=say))
    thread = threading.Thread(target=lambda: loop.run_until_complete(task))
    thread.start()
    assert ready.wait(10)
    yield running
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()


# The store


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


# The server


@pytest.mark.parametrize("body", ["Hello", ".", "..\r\n.", ".a\r\n..b", "Grüße 🎉", ""])
def test_the_server_stores_what_our_client_sent(server: Server, mailbox: Mailbox, body: str) -> None:
    client = Client(Config("127.0.0.1", server.port))
    data = f"Subject: x\r\n\r\n{body}\r\n".encode()
    until = time.monotonic() + 10
    receipts = client.send(
        [Envelope(n, f"b+{n}@acme.test", f"p{n}@example.test", data) for n in range(20)], begin_before=until
    )
    client.close()
    assert {receipt.outcome for receipt in receipts} == {Outcome.SENT}
    assert sorted(mail.recipients for mail in mailbox.iter_messages()) == sorted(
        (f"p{n}@example.test",) for n in range(20)
    )
    assert all(
        (mailbox.raw(mail.key) or b"").endswith(f"{mail.recipients[0]}\r\n".encode() + data)
        for mail in mailbox.iter_messages()
    )


@pytest.mark.parametrize("message", ["", "\r\n", "a\r\n", "\r\n\r\n", "ab", "Subject: x\r\n\r\n.\r\n"])
def test_the_smallest_messages_end_where_they_end(server: Server, mailbox: Mailbox, message: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as smtp:
        for _ in range(2):
            smtp.sendmail("a@acme.test", ["ana@example.test"], message)
        assert smtp.noop()[0] == 250
    assert mailbox.count() == 2


def test_a_null_sender_and_several_recipients_are_taken(server: Server, mailbox: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as smtp:
        smtp.sendmail("", ["ana@example.test", "ben@example.test"], raw())
    assert [mail.recipients for mail in mailbox.iter_messages()] == [("ana@example.test", "ben@example.test")]


def test_the_server_offers_what_a_fast_client_needs(server: Server) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as smtp:
        assert smtp.docmd("DATA")[0] == 503
        smtp.ehlo()
        assert {"pipelining", "8bitmime", "smtputf8", "size"} <= smtp.esmtp_features.keys()
        assert smtp.docmd("DATA")[0] == 503


def test_a_message_beyond_all_measure_is_refused(
    server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delivery.mailbox.server._Server.line_length_limit", 10_000)
    client = Client(Config("127.0.0.1", server.port))
    huge = Envelope(1, "b@acme.test", "ana@example.test", b"Subject: x\r\n\r\n" + b"x" * 100_000)
    receipts = client.send([huge], begin_before=time.monotonic() + 10)
    client.close()
    assert receipts[0].code == "552 5.3.4"
    assert mailbox.count() == 0


def test_a_host_that_is_not_ours_is_no_taken_port(mailbox: Mailbox) -> None:
    with pytest.raises(OSError, match="assign"):
        asyncio.run(serve(mailbox, "192.0.2.1", 0, ready=print))


def test_a_taken_port_is_said_in_one_line(server: Server, mailbox: Mailbox) -> None:
    with pytest.raises(PortTaken, match="set MAILBOX_PORT"):
        asyncio.run(serve(mailbox, "127.0.0.1", server.port, ready=print))
    env = {**os.environ, "MAILBOX_PORT": str(server.port)}
    run = subprocess.run(
        [sys.executable, "manage.py", "mailbox"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1
    assert run.stderr.strip().splitlines() == [
        f"CommandError: Port {server.port} on 127.0.0.1 is taken: stop what listens there or set MAILBOX_PORT"
    ]


# A mail taken apart


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


# Read and unread


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


def test_files_that_came_along_are_found() -> None:
    mail = EmailMessage()
    mail.set_content("See the file.")
    mail.add_attachment(b"a,b", maintype="text", subtype="csv", filename="list.csv")
    (found,) = reading.read(mail.as_bytes()).attachments
    assert (found.name, found.kind, found.data) == ("list.csv", "text/csv", b"a,b")


# The pages


@pytest.fixture
def tester(db: None, client: Browser) -> Browser:
    client.force_login(person("author"))
    return client


@pytest.fixture
def key(mailbox: Mailbox) -> str:
    return mailbox.add("b@acme.test", ["ana@example.test"], raw("<b>Sale</b>", html=HOSTILE))


@pytest.fixture
def pages(key: str) -> list[str]:
    return ["/mailbox/", f"/mailbox/{key}/", f"/mailbox/{key}/html", f"/mailbox/{key}/download"]


def test_the_pages_are_for_people_with_a_role(db: None, client: Browser, pages: list[str]) -> None:
    for page in pages:
        assert client.get(page).headers["Location"].startswith("/sign-in")
    client.force_login(person("nobody"))
    for page in pages:
        assert client.get(page).status_code == 403
    client.force_login(person("viewer"))
    assert client.post("/mailbox/clear").status_code == 403


def test_there_are_no_such_pages_in_production(
    db: None, client: Browser, tester: Browser, pages: list[str], settings: Settings
) -> None:
    settings.PRODUCTION = True
    for page in pages:
        assert tester.get(page).status_code == 404
        assert Browser().get(page).status_code == 404


def test_the_list_shows_finds_and_escapes(
    tester: Browser, key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tester.get("/mailbox/")
    with django_assert_num_queries(5):  # the session, its user, two for permissions, the campaigns
        shown = tester.get("/mailbox/").content.decode()
    assert "&lt;b&gt;Sale&lt;/b&gt;" in shown
    assert f'href="/mailbox/{key}/"' in shown
    assert "Nothing fits" in tester.get("/mailbox/", {"q": "<script>"}).content.decode()
    assert f'href="/mailbox/{key}/?q=ANA"' in tester.get("/mailbox/", {"q": "ANA"}).content.decode()


def test_an_empty_list_says_what_to_do(tester: Browser, mailbox: Mailbox) -> None:
    assert "No mail yet" in tester.get("/mailbox/").content.decode()


def test_paging_keeps_the_search(tester: Browser, mailbox: Mailbox) -> None:
    for number in range(31):
        mailbox.add("b@acme.test", ["ana@example.test"], raw(number=number))
    shown = tester.get("/mailbox/", {"q": "ana", "page": "nonsense"}).content.decode()
    assert "?q=ana&amp;page=2" in shown
    assert "31 mails" in " ".join(shown.split())
    assert "?q=ana&amp;page=1" in tester.get("/mailbox/", {"q": "ana", "page": "2"}).content.decode()


def test_opening_a_mail_reads_it(tester: Browser, key: str, mailbox: Mailbox) -> None:
    assert "is-unread" in tester.get("/mailbox/").content.decode()
    tester.get(f"/mailbox/{key}/")
    assert mailbox.unread() == set()
    assert "is-unread" not in tester.get("/mailbox/").content.decode()


def test_a_mail_has_four_views(tester: Browser, key: str) -> None:
    html = tester.get(f"/mailbox/{key}/").content.decode()
    box = 'sandbox="allow-popups allow-popups-to-escape-sandbox"'
    assert f'<iframe class="mail" {box} title="The HTML part of this mail" src="/mailbox/{key}/html">' in html
    assert 'href="https://acme.test/u/token" target="_blank" rel="noopener noreferrer"' in html
    assert 'href="javascript:' not in html
    assert "<script>parent" not in html
    assert "Hello, see https://acme.test/text." in tester.get(f"/mailbox/{key}/?view=text").content.decode()
    assert "Precedence" in tester.get(f"/mailbox/{key}/?view=headers").content.decode()
    assert "multipart/alternative" in tester.get(f"/mailbox/{key}/?view=source").content.decode()
    assert "mail-paper is-phone" in tester.get(f"/mailbox/{key}/?width=phone").content.decode()


def test_the_html_part_is_in_a_box_that_it_cannot_leave(tester: Browser, key: str) -> None:
    frame = tester.get(f"/mailbox/{key}/html")
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert frame.content.decode() == '<base target="_blank">' + HOSTILE


def test_a_text_mail_has_no_html_view(tester: Browser, mailbox: Mailbox) -> None:
    key = mailbox.add("b@acme.test", ["ana@example.test"], raw(html=""))
    shown = tester.get(f"/mailbox/{key}/").content.decode()
    assert "view=html" not in shown
    assert '<pre class="mail-text">Hello' in shown


def test_a_mail_and_its_files_can_be_downloaded(tester: Browser, key: str, mailbox: Mailbox) -> None:
    response = tester.get(f"/mailbox/{key}/download")
    assert response.content == mailbox.raw(key)
    assert response.headers["Content-Type"] == "message/rfc822"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{key}.eml"'
    mail = EmailMessage()
    mail.add_attachment(b"<script>", maintype="text", subtype="html", filename="x.html")
    other = mailbox.add("b@acme.test", ["ana@example.test"], mail.as_bytes())
    file = tester.get(f"/mailbox/{other}/attachments/1")
    assert (file.content, file.headers["Content-Type"]) == (b"<script>", "application/octet-stream")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert tester.get(f"/mailbox/{other}/attachments/2").status_code == 404


def test_all_mail_can_be_deleted(tester: Browser, key: str, mailbox: Mailbox) -> None:
    assert "Delete 1" in tester.get("/mailbox/").content.decode()
    tester.post("/mailbox/clear")
    assert mailbox.count() == 0


def test_an_unknown_mail_is_not_found(tester: Browser, mailbox: Mailbox) -> None:
    assert tester.get("/mailbox/0000000000000000000.1_1/").status_code == 404
    assert tester.post("/mailbox/").status_code == 405


def test_a_mail_without_tracking_is_read_along_without_a_hit(tester: Browser, key: str) -> None:
    answer = tester.post(f"/mailbox/{key}/read-along", {"step": "nonsense"}, headers={"HX-Request": "true"})
    assert "Nothing in this mail is tracked" in answer.content.decode()
    assert not Hit.objects.exists()


def test_reading_along_opens_and_clicks_but_leaves_the_bait_and_the_unsubscribe(
    tester: Browser, mailbox: Mailbox
) -> None:
    sent = mail(
        "<a href='https://shop.example/a'>A</a> <a href='https://shop.example/{{ contact.email }}'>B</a>" + UNSUBSCRIBE
    )
    key = mailbox.add("b@acme.test", ["ana@example.test"], raw(html=sent.html))
    for step in range(3):
        answer = tester.post(
            f"/mailbox/{key}/read-along", {"step": str(step)},
            headers={"HX-Request": "true", "User-Agent": BROWSER},
        ).content.decode()  # fmt: skip
        assert ("link 1 of 2", "link 2 of 2", "all 2 links clicked")[step] in answer
    assert list(Hit.objects.order_by("id").values_list("kind", "message_id")) == [
        (kind, sent.message.pk) for kind in ("opened", "clicked", "clicked")
    ]
    assert not Suppression.objects.exists()
