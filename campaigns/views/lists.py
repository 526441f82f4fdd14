"""All campaigns in one list."""

from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns import selectors, services
from campaigns.errors import IllegalMove
from campaigns.models import Campaign, Run
from campaigns.views.places import State, author, chip_of, url_of, when
from config.api.auditing import audit
from config.lib.errors import Conflict
from config.pages.filters import Choice, Since, Words
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Action

NEW = Action(_("New campaign"), reverse_lazy("campaigns:new"), "campaigns:write")
_STATES = [
    ("draft", _("Draft")), ("scheduled", _("Scheduled")), ("held", _("Held")), ("active", _("Active")),
    ("paused", _("Paused")), ("completed", _("Completed")), ("cancelled", _("Cancelled")), ("archived", _("Archived")),
]  # fmt: skip


def _in_state(rows: QuerySet[Campaign], value: str) -> QuerySet[Campaign]:
    if value == "archived":
        return rows.exclude(archived_at=None)
    if value == "held":
        return rows.filter(state=State.SCHEDULED, archived_at=None).exclude(held_reason="")
    return rows.filter(state=value, archived_at=None)


def _named(rows: QuerySet[Campaign], words: str) -> QuerySet[Campaign]:
    return rows.filter(name__icontains=words)


class Campaigns(ListPage):
    """The newest first; those that are archived only when they are asked for."""

    needs = {"GET": "campaigns:read", "POST": "campaigns:write"}
    template_name = "campaigns/list.html"
    name, kind = "campaigns", "campaign"
    noun = (_("campaign"), _("campaigns"))
    title = _("Campaigns")
    sentence = _("What goes out to whom, and when.")
    primary = NEW
    columns = (
        Column("name", _("Name"), sort="name", under=lambda row: row.template.name if row.template else ""),
        Column("state", _("State"), lambda row: chip_of(row)[0], kind="state"),
        Column("progress", _("Progress"), lambda row: None, kind="template", template="campaigns/progress_cell.html"),
        Column("audience", _("Audience"), lambda row: row.audience, kind="number",
               hint=_("People who were in it when it was launched.")),
        Column("when", _("Goes out"), when, kind="exact"),
        Column("brand", _("Brand"), lambda row: row.brand.name if row.brand else None, shown=False),
        Column("purpose", _("Purpose"), lambda row: row.get_purpose_display(), shown=False),
        Column("created_by", _("Made by"), lambda row: row.created_by, shown=False),
        Column("updated_at", _("Changed"), kind="ago", sort="updated_at", shown=False),
        Column("created_at", _("Made"), kind="ago", sort="created_at", shown=False),
    )  # fmt: skip
    filters = (
        Words("q", _("Name"), _named),
        Choice("state", _("State"), _STATES, _in_state),
        Since("since", _("Made since"), "created_at"),
    )
    default_sort = "-updated_at"
    bulk = (
        Bulk("archive", _("Archive"), "campaigns:write",
             _("They leave this list. Their figures stay. What still goes out is left alone.")),
    )  # fmt: skip
    empty = Empty(
        _("No campaigns yet"),
        _("A campaign takes one message to the people you choose. Nothing goes out before you launch it."),
        NEW, icon="campaigns",
    )  # fmt: skip

    def rows(self) -> QuerySet[Campaign]:
        run = Run.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
        rows = Campaign.objects.select_related("brand", "template", "created_by")
        rows = rows.annotate(audience=Subquery(run.annotate(n=Sum("audience")).values("n")))
        return rows if self.request.GET.get("state") == "archived" else rows.filter(archived_at=None)

    def url_of(self, row: Campaign) -> str:
        return url_of(row)

    def context(self, rows: list[Any]) -> dict[str, Any]:
        at = timezone.now()
        live = {row.pk: selectors.progress(row, at=at) for row in rows if row.state in (State.ACTIVE, State.PAUSED)}
        return {"live": live, "is_live": any(row.state == State.ACTIVE for row in rows)}

    def bulk_archive(self, rows: QuerySet[Campaign]) -> str:
        done, left = 0, 0
        for campaign in rows:
            try:
                with transaction.atomic():
                    services.archive(campaign, by=author(self.request), at=timezone.now())
                    audit(self.request, "campaign_archived", "campaign", campaign.pk)
                done += 1
            except IllegalMove:
                left += 1
        if not done:
            raise Conflict(str(_("What is still going out or scheduled cannot be archived. Nothing was changed.")))
        words = ngettext("%(n)d campaign is archived.", "%(n)d campaigns are archived.", done) % {"n": done}
        return words + (" " + str(_("%(n)d still go out and stay.") % {"n": left}) if left else "")
