"""Delivery: mailbox providers and the limits they set."""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit, difference
from config.lib import public_ids
from config.lib.errors import Conflict, FieldError, Invalid
from config.pages.filters import Words
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, find
from delivery.forms_providers import FIELDS, ProviderForm, seen_of
from delivery.models import MailboxProvider
from delivery.services import mailbox_providers as services
from delivery.views_sending import tabs

KIND = "mailbox_provider"
READ, WRITE = "mailbox_providers:read", "mailbox_providers:write"
_NEW = Action(gettext_lazy("New mailbox provider"), reverse_lazy("sending:provider-new"), WRITE)
_CRUMBS = ((gettext_lazy("Mailbox providers"), reverse_lazy("sending:providers")),)


def _named(rows: QuerySet[MailboxProvider], words: str) -> QuerySet[MailboxProvider]:
    return rows.filter(Q(name__icontains=words) | Q(domains__contains=[words.lower()]))


def _domains(row: MailboxProvider) -> str:
    if row.is_default:
        return _("Every other domain, each by itself")
    shown = ", ".join([*row.domains, *row.mx_suffixes][:4])
    return f"{shown}, …" if len(row.domains) + len(row.mx_suffixes) > 4 else shown


def _state(row: MailboxProvider) -> bool:
    return row.slowed_until is not None and row.slowed_until > timezone.now()


class Providers(ListPage):
    """All of them, with their limits."""

    needs = {"GET": READ}
    name, kind = "mailbox-providers", KIND
    noun = (gettext_lazy("mailbox provider"), gettext_lazy("mailbox providers"))
    title = gettext_lazy("Mailbox providers")
    sentence = gettext_lazy("Who runs the mailboxes you write to, and how much of your mail they take.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name", under=_domains),
        Column("connections", gettext_lazy("Connections"), kind="number", sort="connections"),
        Column("messages_per_connection", gettext_lazy("Messages a connection"), kind="number"),
        Column("rate_per_second", gettext_lazy("A second"), kind="number", hint=gettext_lazy("A dash: no limit.")),
        Column("requires_tls", gettext_lazy("Wants encryption"), kind="yes"),
        Column(
            "slowed", gettext_lazy("Slowed until"), lambda row: row.slowed_until if _state(row) else None, kind="exact"
        ),
    )
    filters = (Words("q", gettext_lazy("Name or domain"), _named),)
    default_sort = "name"
    empty = Empty(gettext_lazy("No mailbox provider"), gettext_lazy("Its limits would be here."), _NEW, icon="mailbox")

    def rows(self) -> QuerySet[MailboxProvider]:
        self.tabs = tabs("providers")
        return MailboxProvider.objects.all()

    def url_of(self, row: MailboxProvider) -> str:
        return reverse("sending:provider", args=[public_ids.encode(KIND, row.pk)])


class NewProvider(FormPage):
    needs = {"GET": WRITE, "POST": WRITE}
    form_class = ProviderForm
    title = gettext_lazy("New mailbox provider")
    crumbs = _CRUMBS

    def save(self, form: Any) -> HttpResponse:
        fields = form.changes()
        slug = slugify(fields["name"])[:30] or "provider"
        if MailboxProvider.objects.filter(slug=slug).exists():
            raise Invalid(FieldError("/name", _("There is one of this name: choose another.")))
        with transaction.atomic():
            row = services.save_mailbox_provider(MailboxProvider(), {**fields, "slug": slug})
            audit(self.request, "mailbox_provider_created", KIND, row.pk, {"name": [None, row.name]})
        return self.done(_("Its limits hold within two seconds."), reverse("sending:providers"))


class ChangeProvider(FormPage):
    """One of them: its limits, whether it is slowed."""

    needs = {"GET": READ, "POST": WRITE}
    form_class = ProviderForm
    template_name = "delivery/mailbox_provider.html"
    crumbs = _CRUMBS

    def form_kwargs(self) -> dict[str, Any]:
        self.row = find(MailboxProvider.objects.all(), KIND, self.kwargs["public_id"])
        self.title, self.sentence = self.row.name, _domains(self.row)
        if not self.row.is_default:
            self.menu = (Action(_("Delete"), "", WRITE, "trash", dialog="delete"),)
        return {"row": self.row}

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        return self.render(
            form=form, row=self.row, public_id=self.kwargs["public_id"], slowed=_state(self.row), status=status
        )

    def save(self, form: Any) -> HttpResponse:
        """Raises Conflict when somebody else has changed it meanwhile."""
        fields = form.changes()
        with transaction.atomic():
            row = MailboxProvider.objects.select_for_update().get(pk=self.row.pk)
            if form.cleaned_data["seen"] != seen_of(row):
                raise Conflict(_("Somebody changed it meanwhile. Nothing was overwritten: load the page again."))
            before = {name: getattr(row, name) for name in FIELDS}
            services.save_mailbox_provider(row, fields)
            audit(self.request, "mailbox_provider_changed", KIND, row.pk, difference(before, fields))
        return self.done(_("Saved. The new limits hold within two seconds."), reverse("sending:providers"))


class DeleteProvider(Page):
    """Its domains are everybody else's from then on."""

    needs = {"POST": WRITE}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Raises Invalid for everybody else's row."""
        with transaction.atomic():
            row = find(MailboxProvider.objects.select_for_update(), KIND, public_id)
            audit(request, "mailbox_provider_deleted", KIND, row.pk, {"name": [row.name, None]})
            services.delete_mailbox_provider(row)
        return self.done(_("%(name)s is deleted.") % {"name": row.name}, reverse("sending:providers"))


class Restore(Page):
    """Full speed again before its time."""

    needs = {"POST": WRITE}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        with transaction.atomic():
            row = find(MailboxProvider.objects.select_for_update(), KIND, public_id)
            services.end_slowdown(row)
            audit(request, "slowdown_ended", KIND, row.pk)
        return self.done(
            _("%(name)s gets its mail at full speed again.") % {"name": row.name}, reverse("sending:sending")
        )
