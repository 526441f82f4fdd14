"""Audience: segments, what each means, who is in it and what stands on it."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.api.auditing import audit
from config.lib import public_ids
from config.pages.filters import Choice, Words
from config.pages.lists import Bulk, Column, Empty, ListPage
from config.pages.views import Action, Page, Tab, find
from config.templatetags.ui import ago
from segments.errors import SegmentTooSlow
from segments.explaining import explain_each, outline
from segments.models import Segment
from segments.selectors.looking import QUICK, Look, estimate, look
from segments.selectors.segments import PREVIEW_LIMIT, use_counts, used_by
from segments.services.segments import archive_segment, keep_size, restore_segment
from segments.uses import Use

NEW = Action(gettext_lazy("New segment"), reverse_lazy("segments:new"), "segments:write")
CRUMBS = ((gettext_lazy("Segments"), reverse_lazy("segments:list")),)
_STATES = [("live", gettext_lazy("In use")), ("archived", gettext_lazy("Archived"))]
# Where a thing that stands on a segment has its page, by its kind.
_PAGES = {"segment": "segments:segment", "campaign": "campaigns:campaign"}


def url_of(segment: Segment, page: str = "segment", *more: object) -> str:
    """A page of a segment."""
    return reverse(f"segments:{page}", args=[public_ids.encode("segment", segment.pk), *more])


def tabs_of(segment: Segment, here: str) -> tuple[Tab, ...]:
    """What it means, who is in it, how that changed, how the rule did."""
    return (
        Tab(gettext_lazy("Summary"), url_of(segment), here=here == "summary"),
        Tab(gettext_lazy("Members"), url_of(segment, "members"), here=here == "members"),
        Tab(gettext_lazy("Over time"), url_of(segment, "over-time"), here=here == "over-time"),
        Tab(gettext_lazy("History"), url_of(segment, "history"), here=here == "history"),
    )


def _in_state(rows: QuerySet[Segment], value: str) -> QuerySet[Segment]:
    return rows.filter(archived_at__isnull=value != "archived")


class Segments(ListPage):
    """All segments with their rules in words."""

    needs = {"GET": "segments:read", "POST": "segments:write"}
    name, kind = "segments", "segment"
    noun = (gettext_lazy("segment"), gettext_lazy("segments"))
    title = gettext_lazy("Segments")
    sentence = gettext_lazy("Rules that say who: whoever fits is in, from the moment they fit.")
    primary = NEW
    columns = (
        Column("name", gettext_lazy("Name"), sort="name", under=lambda row: row.words),
        Column("size", gettext_lazy("People"), kind="number", sort="size", nullable=True,
               under=lambda row: ago(row.sized_at, none=_("not counted yet"))),
        Column("uses", gettext_lazy("Used by"), kind="number",
               hint=gettext_lazy("Campaigns that are not over, and other segments")),
        Column("version", gettext_lazy("Version"), lambda row: row.current.number if row.current else None,
               kind="number", shown=False),
        Column("updated_at", gettext_lazy("Changed"), kind="ago", sort="updated_at"),
    )  # fmt: skip
    filters = (
        Words("q", gettext_lazy("Name"), lambda rows, words: rows.filter(name__icontains=words)),
        Choice("state", gettext_lazy("State"), _STATES, _in_state),
    )
    default_sort = "-updated_at"
    bulk = (
        Bulk("archive", gettext_lazy("Archive"), "segments:write",
             gettext_lazy("They are not offered to campaigns any more. One that is used stays.")),
        Bulk("restore", gettext_lazy("Offer again"), "segments:write"),
    )  # fmt: skip
    empty = Empty(
        gettext_lazy("No segments yet"),
        gettext_lazy("A segment is a rule such as “country is Germany and bought in the last 30 days”."),
        NEW, icon="segment",
    )  # fmt: skip

    def rows(self) -> QuerySet[Segment]:
        rows = Segment.objects.select_related("current")
        return rows if self.request.GET.get("state") else rows.filter(archived_at=None)

    def prepare(self, rows: list[Any]) -> None:
        words = explain_each([row.current.criteria for row in rows if row.current])
        counts = use_counts([row.pk for row in rows])
        for row in rows:
            row.words = words.pop(0) if row.current else ""
            row.uses = counts[row.pk]

    def url_of(self, row: Segment) -> str:
        return url_of(row)

    def bulk_archive(self, rows: QuerySet[Segment]) -> str:
        done = self._each(rows, archive_segment, "segment_archived")
        return ngettext("%(n)d segment is archived.", "%(n)d segments are archived.", done) % {"n": done}

    def bulk_restore(self, rows: QuerySet[Segment]) -> str:
        done = self._each(rows, restore_segment, "segment_restored")
        return ngettext("%(n)d segment is offered again.", "%(n)d segments are offered again.", done) % {"n": done}

    def _each(self, rows: QuerySet[Segment], act: Callable[[Segment], None], action: str) -> int:
        with transaction.atomic():
            for row in (found := list(rows)):
                act(row)
                audit(self.request, action, "segment", row.pk)
        return len(found)


class SegmentPage(Page):
    """The base of the pages of one segment."""

    crumbs = CRUMBS

    def segment(self, public_id: str) -> Segment:
        return find(Segment.objects.select_related("current__created_by"), "segment", public_id)


class OneSegment(SegmentPage):
    """What it means, who is in it now, what stands on it."""

    needs = {"GET": "segments:read"}
    template_name = "segments/segment.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        segment = self.segment(public_id)
        self.title, self.tabs = segment.name, tabs_of(segment, "summary")
        self.sentence = segment.description
        self.primary = Action(gettext_lazy("Edit"), url_of(segment, "edit"), "segments:write")
        self.menu = self._menu(segment)
        criteria = [segment.current.criteria] if segment.current else []
        return self.render(
            segment=segment,
            words=explain_each(criteria),
            lines=[line for lines in outline(criteria) for line in lines],
            uses=[(use, _page_of(use)) for use in used_by(segment)],
        )

    def _menu(self, segment: Segment) -> tuple[Action, ...]:
        copy = f"{reverse('segments:new')}?from={public_ids.encode('segment', segment.pk)}"
        again = gettext_lazy("Bring back") if segment.archived_at else gettext_lazy("Archive")
        return (
            Action(gettext_lazy("Make a copy"), copy, "segments:write", icon="clone"),
            Action(again, "", "segments:write", icon="archive", dialog="archive"),
        )


def _page_of(use: Use) -> str:
    """Blank while its kind has no page."""
    try:
        return reverse(_PAGES.get(use.kind, ""), args=[use.public_id])
    except NoReverseMatch:
        return ""


class People(SegmentPage):
    """How many people are in it, with ten of them: asked for by the page once it stands."""

    needs = {"GET": "segments:read"}
    template_name = "segments/people.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        segment = self.segment(public_id)
        exactly = "exactly" in request.GET
        found = self._found(segment, exactly) if segment.current else None
        return self.render(segment=segment, look=found, exactly=exactly)

    def _found(self, segment: Segment, exactly: bool) -> Look | None:
        assert segment.current
        try:
            found = look(segment.current.criteria, seconds=PREVIEW_LIMIT if exactly else QUICK)
        except SegmentTooSlow:
            return None if exactly else _estimated(segment.current.criteria)
        keep_size(segment, found.size, at=found.at)
        return found


def _estimated(criteria: Any) -> Look | None:
    try:
        return estimate(criteria)
    except SegmentTooSlow:
        return None


class Archive(SegmentPage):
    """Take it out of use; refused, saying where, while it is used."""

    needs = {"POST": "segments:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        segment = self.segment(public_id)
        with transaction.atomic():
            archive_segment(segment, at=timezone.now())
            audit(request, "segment_archived", "segment", segment.pk)
        said = _("%(name)s is archived.") % {"name": segment.name}
        return self.done(said, reverse("segments:list"), undo=url_of(segment, "bring-back"))


class BringBack(SegmentPage):
    """Offer it again."""

    needs = {"POST": "segments:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        segment = self.segment(public_id)
        if segment.archived_at is None:
            return redirect(url_of(segment))
        with transaction.atomic():
            restore_segment(segment)
            audit(request, "segment_restored", "segment", segment.pk)
        return self.done(_("%(name)s is offered again.") % {"name": segment.name}, url_of(segment))
