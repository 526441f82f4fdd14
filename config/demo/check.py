"""`demo --check`: the whole way with real parts, and the sums that must close."""

import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from analytics import stream
from analytics.selectors import campaign_figures
from campaigns import services as campaigns
from campaigns.models import Campaign, Run
from compliance.models import Reason, Scope, Suppression
from compliance.services.suppressions import suppress_email
from compliance.tokens import UnsubscribeToken
from config import running
from config.demo import content, readers
from config.lib import public_ids
from config.lib.addresses import address_hash
from config.lib.errors import DomainError
from delivery.mailbox.store import Mailbox
from delivery.models import Message
from delivery.selectors.ledger import waterfall
from segments.models import Contact, ContactList

_PATIENCE_S = 600
_COUNTING_S = 60
_LINKS_IN_MAILS = 3
_OPT_OUTS = 40  # at most a tenth of the people


class DidNotEnd(DomainError):
    """The campaign did not come to its end in time."""

    code = "did_not_end"


@dataclass
class OptOuts:
    """Who was unsubscribed over HTTP meanwhile, by address."""

    acknowledged: set[str] = field(default_factory=set)


def check(people: int, say: Any, *, port: int | None = None) -> dict[str, Any]:
    """Import, launch, unsubscribe meanwhile, wait for the end; the figures, with `closes`."""
    news = content.newsletter_list()
    sender = content.brand()
    content.provider()
    written, imported = content.import_people(people, news)
    say(f"imported: {imported.counts}")
    suppressed = _suppress_some(written.emails)
    campaign = content.check_campaign(sender, imported, news)
    with running.site(port=port) as site:
        say(f"running at {site.address}")
        with _unsubscribing(site.address, campaign, news, written.emails[1:]) as opt_outs:
            run = campaigns.launch(campaign, by=None, at=timezone.now())
            _wait_for_the_end(campaign)
        opt_outs.acknowledged |= _follow_links_in_mails()
        counted = _read_and_wait(campaign)
        figures = _figures(campaign, run, opt_outs, suppressed)
    return {**figures, **counted, "closes": figures["closes"] and counted["stats_equal_log"]}


def _suppress_some(emails: Sequence[str]) -> set[str]:
    """Three of a hundred are suppressed before the launch."""
    chosen = set(emails[:: max(len(emails) // max(len(emails) * 3 // 100, 1), 1)])
    for email in chosen:
        suppress_email(email, scope=Scope.GLOBAL, scope_id=0, reason=Reason.MANUAL, source="demo", at=timezone.now())
    return chosen


@contextmanager
def _unsubscribing(address: str, campaign: Campaign, news: ContactList, emails: Sequence[str]) -> Iterator[OptOuts]:
    """One-click POSTs one after another, from the last of the audience towards the first, whose turn comes sooner."""
    opt_outs, over = OptOuts(), threading.Event()
    chosen = emails[:: -max(len(emails) // min(_OPT_OUTS, max(len(emails) // 10, 1)), 1)]
    thread = threading.Thread(target=_unsubscribe_all, args=[address, campaign, news, chosen, opt_outs, over])
    thread.start()
    try:
        yield opt_outs
    finally:
        over.set()
        thread.join()


def _unsubscribe_all(
    address: str, campaign: Campaign, news: ContactList, emails: Sequence[str], opt_outs: OptOuts, over: threading.Event
) -> None:
    try:
        while not Message.objects.filter(order__campaign_id=campaign.pk).exists():
            if over.wait(0.05):  # it was not launched
                return
        for email in emails:
            _one_click(f"{address}/u/{_token(campaign, news, email).seal()}")
            opt_outs.acknowledged.add(email)
    finally:
        connection.close()


def _token(campaign: Campaign, news: ContactList, email: str) -> UnsubscribeToken:
    """What the link of the message holds that is on its way to this person, or has arrived."""
    contact = Contact.objects.get(email=email)
    message = Message.objects.filter(order__campaign_id=campaign.pk, contact_id=contact.pk).first()
    return UnsubscribeToken(
        message.pk if message else 0, contact.pk, campaign.pk, campaign.brand_id or 0, Scope.LIST, news.pk,
        address_hash(email),
    )  # fmt: skip


def _follow_links_in_mails() -> set[str]:
    """One-click by the header of mails that arrived, as a mail program does it; whom they were for."""
    mailbox = Mailbox(settings.MAILBOX_DIR)
    followed = set()
    for mail in islice(mailbox.iter_messages(), _LINKS_IN_MAILS):
        headers = message_from_bytes(mailbox.raw(mail.key) or b"", policy=policy.default)
        _one_click(str(headers["List-Unsubscribe"]).strip("<>"))
        followed |= set(mail.recipients)
    return followed


def _one_click(url: str) -> None:
    request = urllib.request.Request(url, data=b"List-Unsubscribe=One-Click", method="POST")
    with urllib.request.urlopen(request, timeout=120) as answer:
        if answer.status != 200:
            raise DomainError(f"the one-click POST was answered with {answer.status}")


def _wait_for_the_end(campaign: Campaign) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        campaign.refresh_from_db()
        if campaign.state == Campaign.State.COMPLETED:
            return
        time.sleep(0.2)
    raise DidNotEnd(f"The campaign did not end in {_PATIENCE_S} s; it is {campaign.state}.")


def _read_and_wait(campaign: Campaign) -> dict[str, Any]:
    """Mails are opened and clicked by people and followed by a scanner; what the counters say of it, once they do."""
    mailbox = Mailbox(settings.MAILBOX_DIR)
    arrived = islice(mailbox.iter_messages(), _LINKS_IN_MAILS, None)
    did = readers.read(mailbox.raw(mail.key) or b"" for mail in islice(arrived, readers.PEOPLE + readers.SCANNED))
    deadline = time.monotonic() + _COUNTING_S
    while True:
        counts = campaign_figures(campaign.pk).counts
        opened, clicked = counts["opened"].value, counts["clicked"].value
        machine = (counts["clicked_with_machines"].value or 0) - (clicked or 0)
        if (opened, clicked, machine) == (did.opened, did.clicked, did.scanned) or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    equal = (opened, clicked, machine) == (did.opened, did.clicked, did.scanned) and not stream.differences(limit=1)
    return {"opened": opened, "clicked": clicked, "machine": machine, "stats_equal_log": equal}


def _figures(campaign: Campaign, run: Run, opt_outs: OptOuts, suppressed: set[str]) -> dict[str, Any]:
    run.refresh_from_db()
    found = waterfall(campaign.pk)
    mails = list(Mailbox(settings.MAILBOX_DIR).iter_messages())
    in_mailbox = Counter(mail.message_id.strip("<>").partition("@")[0] for mail in mails)
    sent = {
        public_ids.encode("message", pk)
        for pk in Message.objects.filter(order__campaign_id=campaign.pk, state="sent").values_list("pk", flat=True)
    }
    states = {state: found.states.get(state, 0) for state in ("sent", "skipped", "failed", "cancelled", "unknown")}
    skipped = found.reasons.get("skipped", {})
    mailed = {recipient for mail in mails for recipient in mail.recipients}
    closes = (
        run.audience == sum(states.values())
        and in_mailbox.keys() == sent
        and sum(in_mailbox.values()) == len(sent)
        and not (mailed & suppressed)
        and skipped.get("unsubscribed", 0) <= len(opt_outs.acknowledged)
        and _are_suppressed(opt_outs.acknowledged)
    )
    return {
        "audience": run.audience,
        **states,
        "skipped": skipped,
        "in_mailbox": sum(in_mailbox.values()),
        "unsubscribed": len(opt_outs.acknowledged),
        "closes": closes,
    }


def _are_suppressed(emails: Collection[str]) -> bool:
    """Whether each of them is suppressed by their own wish."""
    keys = {address_hash(email).key for email in emails}
    rows = Suppression.objects.filter(address_key__in=keys, reason=Reason.UNSUBSCRIBED)
    return set(rows.values_list("address_key", flat=True)) == keys
