"""Trust: who did what, and when."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import AuditEntry
from config.pages.filters import Choice, Since
from config.pages.lists import Column, Empty, ListPage

_KINDS = [
    ("campaign", gettext_lazy("Campaigns")), ("template", gettext_lazy("Templates")),
    ("segment", gettext_lazy("Segments")),
    ("list", gettext_lazy("Lists")), ("import", gettext_lazy("Imports")), ("contact", gettext_lazy("Contacts")),
    ("suppression", gettext_lazy("Suppressions")), ("provider_account", gettext_lazy("Provider accounts")),
    ("mailbox_provider", gettext_lazy("Mailbox providers")), ("brand", gettext_lazy("Brands")),
    ("sender", gettext_lazy("Senders")), ("user", gettext_lazy("People and sign-ins")),
    ("apikey", gettext_lazy("API keys")),
]  # fmt: skip
_WORDS = {
    "apikey_created": gettext_lazy("API key created"),
    "unknown_sent_again": gettext_lazy("Unknown messages sent again"),
    "unknown_marked_sent": gettext_lazy("Unknown messages marked as sent"),
    "breaker_closed": gettext_lazy("Provider account used again before its time"),
    "breaker_tried": gettext_lazy("Provider account tried before its time"),
    "slowdown_ended": gettext_lazy("Mailbox provider restored before its time"),
    "sign_in_failed": gettext_lazy("Sign-in failed"),
}
_SHOWN = 4


def in_words(action: str) -> str:
    """What was done: `campaign_launched` becomes "Campaign launched"."""
    return str(_WORDS.get(action) or action.replace("_", " ").capitalize())


def changes_in_words(changes: Mapping[str, Any]) -> str:
    """What changed: `{"name": ["A", "B"]}` becomes "name: A → B"."""
    parts = [_part(name.replace("_", " "), value) for name, value in changes.items() if value not in ("", None)]
    return " · ".join(parts[:_SHOWN] + (["…"] if len(parts) > _SHOWN else []))


def _part(name: str, value: Any) -> str:
    if name == "fields":
        return ", ".join(str(one).replace("_", " ") for one in value)
    if isinstance(value, list) and len(value) == 2:
        return f"{name}: {_short(value[0])} → {_short(value[1])}"
    return f"{name}: {_short(value)}"


def _short(value: Any) -> str:
    text = "–" if value in (None, "", []) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _people() -> list[tuple[int, str]]:
    return [(user.pk, user.get_full_name() or user.username) for user in User.objects.order_by("username")[:200]]


def _through(row: AuditEntry) -> str:
    if row.api_key_id:
        return _("API key")
    return _("Pages") if row.actor_id else "–"


class Audit(ListPage):
    """The log of every write, the newest first."""

    needs = {"GET": "audit:read"}
    name = "audit"
    noun = (gettext_lazy("entry"), gettext_lazy("entries"))
    title = gettext_lazy("Audit log")
    sentence = gettext_lazy("Who did what, and when. Nothing here can be changed.")
    columns = (
        Column(
            "action",
            gettext_lazy("What"),
            lambda row: in_words(row.action),
            under=lambda row: changes_in_words(row.changes),
        ),
        Column("who", gettext_lazy("Who"), lambda row: row.who or _("The system")),
        Column("through", gettext_lazy("Through"), _through),
        Column("at", gettext_lazy("When"), kind="exact"),
        Column("ip", gettext_lazy("From"), shown=False),
        Column("request_id", gettext_lazy("Request"), shown=False),
    )
    filters = (
        Choice("who", gettext_lazy("Anybody"), _people, "actor_id"),
        Choice("kind", gettext_lazy("Anything"), _KINDS, "object_kind"),
        Since("since", gettext_lazy("Since"), "at"),
    )
    empty = Empty(
        gettext_lazy("Nothing yet"), gettext_lazy("Every change anybody makes is written down here."), icon="history"
    )

    def rows(self) -> QuerySet[AuditEntry]:
        who = User.objects.filter(pk=OuterRef("actor_id")).values("username")[:1]
        return AuditEntry.objects.annotate(who=Subquery(who))
