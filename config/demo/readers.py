"""Who reads the demo's mails: a few people who open and click, and a scanner that follows every link at once."""

import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import islice
from urllib.error import HTTPError
from urllib.request import Request

from django.conf import settings

from delivery.mailbox.store import Mailbox
from delivery.tracking.reading import Tracked, tracked

PEOPLE, CLICKERS, SCANNED = 6, 4, 3
_SOME = 60
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass(frozen=True)
class Readings:
    """What the readers did: messages opened and clicked by people, and followed by the scanner."""

    opened: int
    clicked: int
    scanned: int


def read(mails: Iterable[bytes], *, people: int = PEOPLE, clickers: int = CLICKERS) -> Readings:
    """The first mails are opened by people, some of whom click a while later; a scanner goes through the next ones."""
    found = [tracked(_html(mail)) for mail in mails]
    opened, scanned = found[:people], found[people : people + SCANNED]
    for mail in opened:
        _get(mail.pixel)
    _scan(scanned)
    time.sleep(settings.TRACKING_BURST_S + 1)  # nobody who clicks in the moment of opening is a person
    clicked = opened[:clickers]
    for mail in clicked:
        _get(mail.links[0])
    return Readings(len(opened), len(clicked), len(scanned))


def read_some(*, patience_s: float = 60) -> None:
    """What the demo's first campaign shows: once mails have arrived, some people read them. None after the patience."""
    mailbox = Mailbox(settings.MAILBOX_DIR)
    wanted, end = _SOME + SCANNED, time.monotonic() + patience_s
    while mailbox.page(size=1).total < wanted and time.monotonic() < end:
        time.sleep(0.5)
    mails = [mailbox.raw(mail.key) or b"" for mail in islice(mailbox.iter_messages(), wanted)]
    if len(mails) == wanted:
        read(mails, people=_SOME, clickers=_SOME // 4)


def _scan(mails: Iterable[Tracked]) -> None:
    for mail in mails:
        for url in (*mail.links, mail.bait):
            _get(url)


def _html(mail: bytes) -> str:
    message = message_from_bytes(mail, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    return str(body.get_content()) if body else ""


class _Stay(urllib.request.HTTPRedirectHandler):
    """A demo's links lead out of this machine: it is enough to be sent there."""

    def redirect_request(self, *args: object, **options: object) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


def _get(url: str) -> None:
    request = Request(url, headers={"User-Agent": _BROWSER})
    try:
        with _opener.open(request, timeout=30):
            pass
    except HTTPError as answer:
        answer.close()  # a redirect that is not followed; the bait leads nowhere
        if answer.code >= 500:
            raise
