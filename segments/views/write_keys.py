"""Settings: write keys, shown once, each with who may use it, how much, and when it last was."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.api.auditing import audit, difference
from config.lib import public_ids
from config.pages.filters import Choice, Words
from config.pages.forms import FormPage
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Action, find
from segments.forms.write_keys import NewWriteKeyForm, WriteKeyForm, shown_origins
from segments.models import Source, WriteKey
from segments.services.write_keys import change_write_key, create_write_key, revoke_write_key

_NEW = Action(gettext_lazy("New write key"), reverse_lazy("write_keys:new"), "segments.add_writekey")
_CRUMBS = ((gettext_lazy("Write keys"), reverse_lazy("write_keys:list")),)
_KINDS = [(Source.SERVER, gettext_lazy("Server")), (Source.BROWSER, gettext_lazy("Browser"))]
_STATES = [("live", gettext_lazy("Live")), ("revoked", gettext_lazy("Revoked"))]


def _in_state(rows: QuerySet[WriteKey], value: str) -> QuerySet[WriteKey]:
    return rows.filter(revoked_at__isnull=value == "live")


class WriteKeys(ListPage):
    """All of them, the ended ones too."""

    needs = {"GET": "segments.view_writekey", "POST": "segments.change_writekey"}
    name, kind = "write-keys", "write_key"
    noun = (gettext_lazy("write key"), gettext_lazy("write keys"))
    title = gettext_lazy("Write keys")
    sentence = gettext_lazy("Let your sites and servers tell events, and nothing else: a key reads nothing.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("prefix", gettext_lazy("Begins with")),
        Column("kind", gettext_lazy("For"), lambda key: dict(_KINDS)[key.kind]),
        Column("origins", gettext_lazy("Sites"), lambda key: ", ".join(key.origins)),
        Column("rate_per_minute", gettext_lazy("Events a minute"), kind="number"),
        Column("state", gettext_lazy("State"), lambda key: "revoked" if key.revoked_at else "live", kind="state"),
        Column("last_used_at", gettext_lazy("Last used"), kind="ago", sort="last_used_at", nullable=True),
        Column("created_at", gettext_lazy("Made"), kind="ago", sort="created_at"),
    )
    filters = (
        Words("q", gettext_lazy("Name"), lambda rows, words: rows.filter(name__icontains=words)),
        Choice("kind", gettext_lazy("For"), _KINDS),
        Choice("state", gettext_lazy("State"), _STATES, _in_state),
    )
    default_sort = "-created_at"
    bulk = (
        Bulk("revoke", gettext_lazy("Revoke"), "segments.change_writekey",
             gettext_lazy("What sends with them is refused from now on, at once and for good."), dangerous=True),
    )  # fmt: skip
    empty = Empty(
        gettext_lazy("No write keys yet"),
        gettext_lazy("A website or a server needs one to tell what people do there."),
        _NEW, icon="key",
    )  # fmt: skip

    def rows(self) -> QuerySet[WriteKey]:
        return WriteKey.objects.all()

    def url_of(self, row: WriteKey) -> str:
        return reverse("write_keys:key", args=[public_ids.encode("write_key", row.pk)])

    def bulk_revoke(self, rows: QuerySet[WriteKey]) -> str:
        with transaction.atomic():
            done = [key for key in rows if revoke_write_key(key, at=timezone.now())]
            for key in done:
                audit(self.request, "writekey_revoked", "writekey", key.pk)
        return ngettext("%(n)d key is revoked.", "%(n)d keys are revoked.", len(done)) % {"n": len(done)}


class NewWriteKey(FormPage):
    """Make one, and show it this once."""

    needs = {"GET": "segments.add_writekey", "POST": "segments.add_writekey"}
    form_class = NewWriteKeyForm
    title = gettext_lazy("New write key")
    crumbs = _CRUMBS
    submit = gettext_lazy("Make the key")

    def save(self, form: Any) -> HttpResponse:
        given = {**form.cleaned_data, "kind": Source(form.cleaned_data["kind"])}
        with transaction.atomic():
            key, text = create_write_key(**given)
            audit(self.request, "writekey_created", "writekey", key.pk, {"kind": key.kind, "origins": key.origins})
        self.title = gettext_lazy("Copy the key now")
        return self.render("segments/write_key_made.html", text=text, back=reverse("write_keys:list"),
                           is_browser=key.kind == Source.BROWSER, snippet=snippet(text),
                           curl=_curl(text))  # fmt: skip


class OneWriteKey(FormPage):
    """What it may; its text can never be read again."""

    needs = {"GET": "segments.view_writekey", "POST": "segments.change_writekey"}
    template_name = "segments/write_key.html"
    form_class = WriteKeyForm
    crumbs = _CRUMBS

    def form_kwargs(self) -> dict[str, Any]:
        self.key = find(WriteKey.objects.all(), "write_key", self.kwargs["public_id"])
        self.title, self.chip = self.key.name, ("revoked" if self.key.revoked_at else "live", "")
        return {"initial": {"name": self.key.name, "rate_per_minute": self.key.rate_per_minute,
                            "origins": shown_origins(self.key.origins)}}  # fmt: skip

    def save(self, form: WriteKeyForm) -> HttpResponse:
        given = form.cleaned_data
        changes = difference({name: getattr(self.key, name) for name in given}, given)
        with transaction.atomic():
            change_write_key(self.key, **given)
            if changes:
                audit(self.request, "writekey_changed", "writekey", self.key.pk, changes)
        return self.done(_("Saved."), reverse("write_keys:list"))

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        text = f"{self.key.prefix}…"
        return self.render(form=form, key=self.key, is_browser=self.key.kind == Source.BROWSER, status=status,
                           snippet=snippet(text), curl=_curl(text))  # fmt: skip


def snippet(text: str) -> str:
    """What is put into the pages of a website; it tells page views by itself."""
    return f'<script async src="{settings.BASE_URL}{static("postrider.js")}" data-key="{text}"></script>'


def _curl(text: str) -> str:
    body = '{"event_id": "\'$(uuidgen)\'", "event_type": "page_viewed", "user_id": "u-17", "properties": {"path": "/"}}'
    return f"curl {settings.BASE_URL}/api/v1/events -H 'Authorization: Bearer {text}' \\\n  -d '{body}'"
