"""Settings: provider accounts, where mail is handed over, each with a test to oneself."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import DomainError, FieldError, Invalid, NotFound
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find
from delivery import providers
from delivery.forms_accounts import AccountForm, initial_of, placed
from delivery.models import Breaker, ProviderAccount
from delivery.services import accounts
from delivery.services.test_sends import send_newest_test

KIND = "provider_account"
READ, WRITE = "provider_accounts:read", "provider_accounts:write"
_NEW = Action(gettext_lazy("New account"), reverse_lazy("accounts:new"), WRITE)
_CRUMBS = ((gettext_lazy("Provider accounts"), reverse_lazy("accounts:list")),)


def _state(row: ProviderAccount) -> str:
    if not row.active:
        return "off"
    breaker = getattr(row, "breaker", None)
    return "failed" if breaker and breaker.state != Breaker.State.CLOSED else "active"


_NAMES: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    "smtp": (gettext_lazy("SMTP"), gettext_lazy("Your own mail server, or the SMTP address of a service.")),
    "mailbox": (gettext_lazy("Local mailbox"), gettext_lazy("Mail stays on this machine, to look at.")),
    "ses": ("Amazon SES", ""), "sendgrid": ("SendGrid", ""), "sparkpost": ("SparkPost", ""),
    "unisender-go": ("Unisender Go", ""),
    "mailersend": ("MailerSend", gettext_lazy("One-click unsubscribe needs its Enterprise plan.")),
}  # fmt: skip


def _about(kind: str) -> tuple[StrOrPromise, StrOrPromise]:
    return _NAMES.get(kind, (kind.capitalize(), ""))


class Accounts(ListPage):
    """In the order in which they are used."""

    needs = {"GET": READ}
    name, kind = "accounts", KIND
    noun = (gettext_lazy("account"), gettext_lazy("accounts"))
    title = gettext_lazy("Provider accounts")
    sentence = gettext_lazy("Where mail is handed over. The first in order that works is used.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name", under=lambda row: _about(row.kind)[0]),
        Column("state", gettext_lazy("State"), _state, kind="state"),
        Column("reason", gettext_lazy("Why"), lambda row: getattr(getattr(row, "breaker", None), "reason", "")),
        Column("priority", gettext_lazy("Order"), kind="number", sort="priority"),
        Column("weight", gettext_lazy("Share"), kind="number", sort="weight"),
        Column(
            "rate_per_second", gettext_lazy("At most a second"), kind="number", sort="rate_per_second", nullable=True
        ),
        Column("cost_per_message", gettext_lazy("Cost of a message"), kind="number", shown=False),
        Column("created_at", gettext_lazy("Made"), kind="ago", sort="created_at", shown=False),
    )
    default_sort = "priority"
    empty = Empty(
        gettext_lazy("No provider account yet"),
        gettext_lazy("Mail goes out through one: an SMTP relay, or the API of an e-mail service."),
        _NEW, icon="plug",
    )  # fmt: skip

    def rows(self) -> QuerySet[ProviderAccount]:
        return ProviderAccount.objects.select_related("breaker")

    def url_of(self, row: ProviderAccount) -> str:
        return reverse("accounts:account", args=[public_ids.encode(KIND, row.pk)])


class ChooseKind(Page):
    """The first step of a new account."""

    needs = {"GET": WRITE}
    template_name = "delivery/account_kinds.html"
    title = gettext_lazy("New provider account")
    sentence = gettext_lazy("Through what shall mail go out?")
    crumbs = _CRUMBS

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(kinds=[(kind, *_about(kind)) for kind in providers.PROVIDERS.kinds()])


class _Form(FormPage):
    form_class = AccountForm
    template_name = "delivery/account.html"
    row: ProviderAccount

    def save(self, form: Any) -> HttpResponse:
        made = self.row.pk is None
        taken = ProviderAccount.objects.filter(name=form.cleaned_data["name"]).exclude(pk=self.row.pk)
        if taken.exists():
            raise Invalid(FieldError("/name", _("There is an account of this name: choose another.")))
        try:
            with transaction.atomic():
                secret = form.cleaned_data.get("secret") or None
                brands = form.cleaned_data["brands"]
                row = accounts.save_account(self.row, form.changes(), secret=secret, brands=brands)
                verb = "created" if made else "changed"
                audit(self.request, f"provider_account_{verb}", KIND, row.pk, {"fields": sorted(form.changed_data)})
        except DomainError as error:
            raise placed(error) from error
        at = reverse("accounts:account", args=[public_ids.encode(KIND, row.pk)])
        return self.done(_("The account is there. Send yourself a test through it.") if made else _("Saved."), at)


class NewAccount(_Form):
    """With the settings of its kind."""

    needs = {"GET": WRITE, "POST": WRITE}
    crumbs = _CRUMBS
    title = gettext_lazy("New provider account")

    def form_kwargs(self) -> dict[str, Any]:
        kind = self.kwargs["account_kind"]
        if kind not in providers.PROVIDERS:
            raise NotFound
        self.row = ProviderAccount(kind=kind)
        self.sentence = _about(kind)[0]
        return {"kind": kind}


class ChangeAccount(_Form):
    """One account: whether it works, a test, its settings."""

    needs = {"GET": READ, "POST": WRITE}
    crumbs = _CRUMBS

    def form_kwargs(self) -> dict[str, Any]:
        self.row = find(ProviderAccount.objects.select_related("breaker"), KIND, self.kwargs["public_id"])
        self.title, self.sentence, self.chip = self.row.name, _about(self.row.kind)[0], (_state(self.row), "")
        return {"kind": self.row.kind, "row": self.row, "initial": initial_of(self.row)}

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        return self.render(
            form=form, row=self.row, public_id=self.kwargs["public_id"], breaker=getattr(self.row, "breaker", None),
            status=status,
        )  # fmt: skip


class TestMe(Page):
    """The newest template, through this account, to the reader's own address."""

    needs = {"POST": "messages:test"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Raises what a test send raises, in words for the reader."""
        row = find(ProviderAccount.objects.all(), KIND, public_id)
        to = getattr(request.user, "email", "")
        send_newest_test(to=to, account_id=row.pk, at=timezone.now())
        words = _("%(account)s took a test for %(address)s.") % {"account": row.name, "address": to}
        return self.done(words, reverse("accounts:account", args=[public_id]))


class UseAgain(Page):
    """Before its rest is over."""

    needs = {"POST": WRITE}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        row = find(ProviderAccount.objects.all(), KIND, public_id)
        with transaction.atomic():
            accounts.close_breaker(row.pk)
            audit(request, "breaker_closed", KIND, row.pk)
        words = _("%(account)s is used again with the next message.") % {"account": row.name}
        return self.done(words, reverse("accounts:account", args=[public_id]))
