"""The pages: mail is shown to staff without harm."""

from email.message import EmailMessage

import pytest
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries, Settings

from compliance.models import Suppression
from delivery.mailbox.store import Mailbox
from delivery.models import Hit
from tests.factories.api import person
from tests.support.raw_mails import HOSTILE, raw
from tests.support.tracked import BROWSER, UNSUBSCRIBE, mail


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
