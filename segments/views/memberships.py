"""Who is in a segment and was, how that changed, whether somebody was in it and why, and keeping it by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import NotFound
from config.pages.charts import Chart, Series
from config.pages.filters import Since
from config.pages.forms import FormPage
from config.pages.lists import Bulk, Column, Empty
from config.pages.paging import Slice, Total
from config.pages.views import Action, find
from segments.deeds import TakeOutOfSegment
from segments.forms.memberships import AddPeopleForm, WasInForm
from segments.models import Contact, ContactList, Segment
from segments.selectors import memberships
from segments.selectors.identity import ids_of
from segments.selectors.memberships import Kept, kept
from segments.selectors.standing import standing
from segments.services.hand_kept import add_list, add_people, follow_again, freeze
from segments.services.membership_passes import ask_for_pass
from segments.views.contacts import ContactRows, bulk_of
from segments.views.contacts import url_of as url_of_contact
from segments.views.segments import CRUMBS, SegmentPage, tabs_of, url_of
from segments.watches import because

_NOW = Segment.objects.select_related("current")


def end_of(day: date) -> datetime:
    """The last moment of a UTC day, or now when it is not over."""
    return min(datetime.combine(day, time.max, UTC), timezone.now())


def _asked_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _upkeep_menu(segment: Segment) -> tuple[Action, ...]:
    again = Action(gettext_lazy("Look at everybody again"), "", "segments:write", icon="history", dialog="refresh")
    if segment.archived_at:
        return ()
    if segment.dynamic:
        return (again, Action(gettext_lazy("Freeze"), "", "segments:write", icon="pause", dialog="freeze"))
    return (Action(gettext_lazy("Let the rule decide again"), "", "segments:write", icon="play", dialog="freeze"),)


class _On(Since):
    """Who was in it on a day: not a narrowing of those who are."""

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows


class Members(ContactRows):
    """Who is in it, since when and why; or who was, on a day."""

    name = "segment-members"
    template_name = "segments/members.html"
    crumbs = CRUMBS
    columns = (  # type: ignore[assignment]
        Column("name", gettext_lazy("Contact"), str, under=lambda one: one.email if str(one) != one.email else ""),
        Column("since", gettext_lazy("In it since"), kind="ago"),
        Column("why", gettext_lazy("Because"), shown=True),
        Column("country", gettext_lazy("Country"), shown=False),
        Column("external_id", gettext_lazy("External id"), lambda one: one.external_id or "", shown=False),
        Column("created_at", gettext_lazy("Added"), kind="ago", sort="id", shown=False),
    )
    filters = (_On("on", gettext_lazy("On the day"), ""),)
    empty = Empty(
        gettext_lazy("Nobody is in it"),
        gettext_lazy("Whoever fits the rule is in it within seconds."), icon="segment",
    )  # fmt: skip

    @cached_property
    def segment(self) -> Segment:
        return find(_NOW, "segment", self.kwargs["public_id"])

    @cached_property
    def on(self) -> date | None:
        return _asked_day(self.request.GET.get("on", ""))

    @cached_property
    def kept(self) -> Kept | None:
        return kept(self.segment, at=timezone.now())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.title, self.tabs = self.segment.name, tabs_of(self.segment, "members")
        self.primary = Action(_("Was somebody in it?"), url_of(self.segment, "was-in"), "contacts:read")
        self.menu = _upkeep_menu(self.segment)
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Contact]:
        return memberships.members(self.segment.pk)

    def total(self, rows: QuerySet[Any]) -> Total:
        if self.on:
            size = next((one.size for one in memberships.days(self.segment.pk, last=self.on, count=1)), 0)
            return Total(size, about=True)
        return Total(self.kept.size) if self.kept else super().total(rows)

    def _slice(self) -> Slice:
        """Of a day, pages by id; the place in the address is a contact's."""
        if not self.on:
            return super()._slice()
        people = memberships.MembersAt(self.segment.pk, end_of(self.on))
        before, after = (self._place(self.request.GET.get(name, "")) for name in ("before", "after"))
        if before and not after:
            return _slice(people.above(before, self.size + 1), self.size, back=True)
        found = (people.filter(pk__lt=after) if after else people)[: self.size + 1]
        return _slice(found, self.size, began=bool(after))

    def _place(self, text: str) -> int:
        try:
            return public_ids.decode("contact", text) if text else 0
        except NotFound:
            return 0

    def prepare(self, rows: list[Any]) -> None:
        at = end_of(self.on) if self.on else timezone.now()
        known = memberships.since_when(self.segment.pk, [one.pk for one in rows])
        for one in rows:
            here = known.get(one.pk)
            still = here if here and here.added_at <= at else None
            one.since, one.why = (still.added_at, because(still.how)) if still else (None, _("has left since"))

    def context(self, rows: list[Any]) -> dict[str, Any]:
        begins = memberships.log_begins(at=timezone.now())
        return {
            "segment": self.segment, "public_id": self.kwargs["public_id"], "kept": self.kept, "on": self.on,
            "log_begins": begins if self.on and begins and end_of(self.on) < begins else None,
        }  # fmt: skip

    @property
    def bulk(self) -> Sequence[Bulk]:  # type: ignore[override]
        if self.on:
            return ()
        out = replace(bulk_of(TakeOutOfSegment), label=gettext_lazy("Take out"))
        return [*super().bulk, *((out,) if self.segment.frozen_at else ())]

    def choice(self) -> dict[str, Any]:
        return {"segment": self.kwargs["public_id"]}

    def asked(self) -> dict[str, str]:
        return {**super().asked(), "from_segment": self.kwargs["public_id"]}


def _slice(found: list[Contact], size: int, *, back: bool = False, began: bool = False) -> Slice:
    more = len(found) > size
    rows = found[-size:] if back else found[:size]
    first, last = (public_ids.encode("contact", rows[n].pk) if rows else None for n in (0, -1))
    return Slice(rows, before=first if (more if back else began) else None, after=last if (back or more) else None)


class OverTime(SegmentPage):
    """Its size by day, who came and went, how it is kept up."""

    needs = {"GET": "segments:read"}
    template_name = "segments/over_time.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        segment = self.segment(public_id)
        self.title, self.tabs, self.menu = segment.name, tabs_of(segment, "over-time"), _upkeep_menu(segment)
        days = memberships.days(segment.pk, last=timezone.now().date())
        month = days[-30:]
        return self.render(
            segment=segment, public_id=public_id, kept=kept(segment, at=timezone.now()),
            size=_size_chart(days), moves=_moves_chart(days), came=sum(one.entered for one in month),
            went=sum(one.left for one in month), changes=self._changes(segment),
        )  # fmt: skip

    def _changes(self, segment: Segment) -> list[dict[str, Any]]:
        """The last entries and exits with names, for those who may see people."""
        if not self.may("contacts:read"):
            return []
        found = memberships.latest_changes(segment.pk, limit=25)
        people = Contact.objects.in_bulk({one.contact_id for one in found})
        return [
            {"at": one.at, "who": people.get(one.contact_id), "kind": one.kind, "why": because(one.how),
             "url": url_of_contact(one.contact_id)}
            for one in found
        ]  # fmt: skip


def _size_chart(days: Sequence[Any]) -> Chart:
    labels, sizes = [one.day.isoformat() for one in days], [one.size for one in days]
    return Chart(_("People in it"), labels, [Series(_("People"), sizes)], x=_("Day (UTC)"), y=_("People"))


def _moves_chart(days: Sequence[Any]) -> Chart:
    labels = [one.day.isoformat() for one in days]
    series = [Series(_("Came"), [one.entered for one in days]), Series(_("Left"), [one.left for one in days])]
    return Chart(_("Came and left"), labels, series, kind="bar", x=_("Day (UTC)"), y=_("People"))


class WasIn(FormPage):
    """Was somebody in it on a day, and why: the rule of that day, held against the person as they are now."""

    needs = {"GET": "contacts:read", "POST": "contacts:read"}
    template_name = "segments/was_in.html"
    form_class = WasInForm
    submit = gettext_lazy("Look it up")

    def form_kwargs(self) -> dict[str, Any]:
        self.row = find(_NOW, "segment", self.kwargs["public_id"])
        self.title = _("Was somebody in it?")
        self.crumbs = (*CRUMBS, (self.row.name, url_of(self.row, "members")))
        return {}

    def save(self, form: WasInForm) -> HttpResponse:
        who, at = form.cleaned_data["who"], end_of(form.cleaned_data["on"])
        found = standing(self.row, who, ids_of(who.pk), at=at)
        told = [(one, because(one.entered_how), because(one.left_how)) for one in found.stays]
        why = because(found.stay.entered_how) if found.stay else ""
        return self.render(form=form, segment=self.row, who=who, url=url_of_contact(who.pk), found=found, told=told,
                           why=why)  # fmt: skip


class AddPeople(FormPage):
    """Into a frozen segment, by hand or from a list."""

    needs = {"GET": "segments:write", "POST": "segments:write"}
    form_class = AddPeopleForm
    title = gettext_lazy("Add people")
    submit = gettext_lazy("Add")

    def form_kwargs(self) -> dict[str, Any]:
        self.row = find(_NOW, "segment", self.kwargs["public_id"])
        self.crumbs = (*CRUMBS, (self.row.name, url_of(self.row, "members")))
        return {}

    def save(self, form: AddPeopleForm) -> HttpResponse:
        added = len(add_people(self.row, [form.cleaned_data["who"].pk])) if form.cleaned_data["who"] else 0
        if form.cleaned_data["list"]:
            added += add_list(self.row, find(ContactList.objects.all(), "list", form.cleaned_data["list"]))
        audit(self.request, "segment_filled", "segment", self.row.pk, {"added": added})
        said = ngettext("%(n)d person is added.", "%(n)d people are added.", added) % {"n": added}
        return self.done(said, url_of(self.row, "members"))


class Freeze(SegmentPage):
    """Keep its people whatever becomes of them, or let the rule decide again."""

    needs = {"POST": "segments:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        segment = self.segment(public_id)
        with transaction.atomic():
            (freeze if segment.dynamic else follow_again)(segment)
            changes = {"dynamic": [not segment.dynamic, segment.dynamic]}
            audit(request, "segment_changed", "segment", segment.pk, changes)
        said = _("The rule decides again who is in it.") if segment.dynamic else _("Its people are being frozen.")
        return self.done(said, url_of(segment, "members"))


class Refresh(SegmentPage):
    """Have everybody looked at again, in the background."""

    needs = {"POST": "segments:write"}

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        ask_for_pass(self.segment(public_id), at=timezone.now())
        here = reverse("segments:over-time", args=[public_id])
        return self.done(_("Everybody is being looked at again. You can close this page."), here)
