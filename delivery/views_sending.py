"""Delivery: how mail goes out now, what waits and why, and what does not work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import NotFound
from config.pages.views import Page, Tab, find
from delivery.models import Lane, ProviderAccount
from delivery.selectors import sending, throttles
from delivery.services import accounts
from delivery.throttle import Because

READ, ACCOUNTS = "messages:read", "provider_accounts:write"
ACCOUNT = "provider_account"
LANES: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    Lane.TRANSACTIONAL: (_("Transactional"), _("Receipts, passwords: what people wait for.")),
    Lane.TRIGGERED: (_("Triggered"), _("One message after an event.")),
    Lane.BULK: (_("Bulk"), _("Campaigns to many.")),
}
# why it waits, and what there is to do about it
WAITS: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    Because.ACCOUNT: (_("The limit of a provider account"), _("Raise it in its settings.")),
    Because.PROVIDER: (_("The limit of a mailbox provider"), _("It takes only so many at a time.")),
    Because.CAMPAIGN: (_("The limit of its own campaign"), _("Raise it on the campaign's page.")),
    Because.CONNECTIONS: (_("All connections to a mailbox provider are busy"), _("It takes its turn.")),
    Because.SLOWED: (_("A mailbox provider asked us to slow down"), _("Time restores it.")),
    Because.AWAY: (_("Redis does not answer"), _("Nothing that has a limit goes out until it does.")),
}  # fmt: skip


def tabs(here: str, *, unknowns: int | None = None, letters: int | None = None) -> list[Tab]:
    """The parts of Sending; some of their pages are of the floor above."""
    parts = [
        ("sending", _("Now"), None),
        ("unknowns", _("Unknown"), unknowns),
        ("dead-letters", _("Dead letters"), letters),
        ("providers", _("Mailbox providers"), None),
    ]
    return [Tab(words, reverse(f"sending:{name}"), here=name == here, count=n) for name, words, n in parts]


class Sending(Page):
    """Lanes, accounts, what waits, and what needs a person; live."""

    needs = {"GET": READ}
    template_name = "delivery/sending.html"
    title = _("Sending")
    sentence = _("How mail goes out now, and what holds it up.")

    def get(self, request: HttpRequest) -> HttpResponse:
        now = _now(timezone.now())
        self.tabs = tabs("sending", unknowns=now["unknowns"], letters=now["letters"])
        return self.render("delivery/sending_now.html" if self.htmx else "", **now)


def _now(at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "lanes": [(*LANES[lane.queue.lane], lane) for lane in sending.lanes(at=at)],
        "accounts": [(public_ids.encode(ACCOUNT, one.account.pk), one) for one in sending.accounts(at=at)],
        "waits": [(*WAITS[one.reason], one) for one in throttles.waiting()],
        "slowed": [(public_ids.encode("mailbox_provider", one.pk), one) for one in sending.slowed(at=at)],
        "domains": sending.slowed_domains(at=at),
        "unknowns": sending.unknowns(),
        "letters": sending.open_dead_letters(),
    }


@dataclass(frozen=True)
class _Act:
    """`run` tells whether it changed anything; `back`: the act that takes it back."""

    run: Callable[[int, datetime], bool]
    action: str
    said: StrOrPromise
    back: str = ""


_ACTS = {
    "rest": _Act(lambda pk, at: accounts.set_active(pk, active=False), "provider_account_changed",
                 _("%(account)s is out of use: nothing more goes through it."), "use"),
    "use": _Act(lambda pk, at: accounts.set_active(pk, active=True), "provider_account_changed",
                _("%(account)s is in use."), "rest"),
    "try": _Act(lambda pk, at: accounts.try_now(pk, at=at), "breaker_tried",
                _("%(account)s is tried with the next messages.")),
}  # fmt: skip


class AccountAct(Page):
    """Put an account in or out of use, or try it before its rest is over."""

    needs = {"POST": ACCOUNTS}

    def post(self, request: HttpRequest, public_id: str, act: str) -> HttpResponse:
        """Raises NotFound."""
        known = _ACTS.get(act)
        if known is None:
            raise NotFound
        row = find(ProviderAccount.objects.all(), ACCOUNT, public_id)
        with transaction.atomic():
            if known.run(row.pk, timezone.now()):
                audit(request, known.action, ACCOUNT, row.pk, {"fields": ["active"]} if known.back else {})
        undo = reverse("sending:account-act", args=[public_id, known.back]) if known.back else ""
        return self.done(known.said % {"account": row.name}, reverse("sending:sending"), undo=undo)
