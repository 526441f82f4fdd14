"""Settings: API keys, shown once, each with what it may and when it was last used."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from compliance.forms import KeyForm
from compliance.models import ApiKey
from compliance.services.keys import create_key, make_program, revoke_key
from config.api.auditing import audit
from config.pages.filters import Choice, Words
from config.pages.forms import FormPage
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Action

_NEW = Action(gettext_lazy("New key"), reverse_lazy("settings:key-new"), "compliance.add_apikey")
_STATES = [("live", gettext_lazy("Live")), ("revoked", gettext_lazy("Revoked"))]


def _named(rows: QuerySet[ApiKey], words: str) -> QuerySet[ApiKey]:
    return rows.filter(name__icontains=words) | rows.filter(prefix__startswith=words)


def _in_state(rows: QuerySet[ApiKey], value: str) -> QuerySet[ApiKey]:
    return rows.filter(revoked_at__isnull=value == "live")


class Keys(ListPage):
    """All keys, the ended ones too."""

    needs = {"GET": "compliance.view_apikey", "POST": "compliance.change_apikey"}
    name, kind = "keys", "api_key"
    noun = (gettext_lazy("key"), gettext_lazy("keys"))
    title = gettext_lazy("API keys")
    sentence = gettext_lazy("What other programs call Postrider with. A key acts as its owner, narrowed to its scopes.")
    primary = _NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("prefix", gettext_lazy("Begins with")),
        Column("owner", gettext_lazy("Owner"), sort="owner__username"),
        Column("scopes", gettext_lazy("May"), lambda key: _scopes(key.scopes)),
        Column("state", gettext_lazy("State"), lambda key: _state(key, timezone.now()), kind="state"),
        Column("last_used_at", gettext_lazy("Last used"), kind="ago", sort="last_used_at", nullable=True),
        Column("expires_at", gettext_lazy("Ends"), kind="ago", sort="expires_at", nullable=True, shown=False),
        Column("created_at", gettext_lazy("Made"), kind="ago", sort="created_at"),
    )
    filters = (
        Words("q", gettext_lazy("Name or first letters"), _named),
        Choice("state", gettext_lazy("State"), _STATES, _in_state),
    )
    default_sort = "-created_at"
    bulk = (
        Bulk("revoke", gettext_lazy("Revoke"), "compliance.change_apikey",
             gettext_lazy("Programs that use them get no answer any more, at once and for good."), dangerous=True),
    )  # fmt: skip
    empty = Empty(
        gettext_lazy("No keys yet"),
        gettext_lazy("Another program needs one to send events, contacts or mails through Postrider."),
        _NEW, icon="key",
    )  # fmt: skip

    def rows(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.select_related("owner")

    def bulk_revoke(self, rows: QuerySet[ApiKey]) -> str:
        done = sum(revoke_key(key, at=timezone.now(), actor_id=self.request.user.pk) for key in rows)
        return ngettext("%(n)d key is revoked.", "%(n)d keys are revoked.", done) % {"n": done}


class NewKey(FormPage):
    """Make one, and show it this once."""

    needs = {"GET": "compliance.add_apikey", "POST": "compliance.add_apikey"}
    form_class = KeyForm
    title = gettext_lazy("New key")
    crumbs = ((gettext_lazy("API keys"), reverse_lazy("settings:keys")),)
    submit = gettext_lazy("Make the key")

    def save(self, form: Any) -> HttpResponse:
        given = form.cleaned_data
        owner = self.request.user if given["acts_as"] == "me" else make_program(given["name"])
        assert isinstance(owner, User)
        if given["acts_as"] == "program":
            owner.groups.add(*Group.objects.filter(name__in=given["roles"]))
        key, text = create_key(name=given["name"], owner=owner, scopes=given["scopes"], expires_at=given["expires_at"])
        audit(self.request, "apikey_created", "apikey", key.pk, {"scopes": key.scopes})
        self.title = gettext_lazy("Copy the key now")
        return self.render("compliance/key_made.html", text=text, back=reverse("settings:keys"))


def _scopes(scopes: list[str]) -> str:
    shown = ", ".join(scopes[:3])
    return shown if len(scopes) <= 3 else _("%(some)s and %(n)d more") % {"some": shown, "n": len(scopes) - 3}


def _state(key: ApiKey, at: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    return "live" if key.is_live(at=at) else "expired"
