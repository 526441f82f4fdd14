"""The catalogue of events: types with the versions of their schemas, who writes them, who uses them."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.api.auditing import audit
from config.lib import public_ids
from config.lib.errors import Conflict, NotFound
from config.pages.filters import Words
from config.pages.forms import FormPage
from config.pages.lists import Column, Empty, ListPage
from config.pages.views import Action, Page, Tab
from segments.events.describing import properties_of
from segments.forms.catalogue import EventTypeForm, VersionForm, as_json
from segments.models import EventType
from segments.selectors import catalogue, quarantine
from segments.services.event_types import add_version, register_event_type

_TYPES_URL = reverse_lazy("audience:event-types")
_NEW_TYPE = Action(gettext_lazy("New event type"), reverse_lazy("audience:event-type-new"), "event_types:write")


def tabs(page: Page, here: str) -> tuple[Tab, ...]:
    """Event types, attributes, quarantine: one catalogue."""
    return (
        *((Tab(_("Event types"), str(_TYPES_URL), here == "types"),) if page.may("events:read") else ()),
        *((Tab(_("Attributes"), reverse("audience:attributes"), here == "attributes"),)
          if page.may("contacts:read") else ()),
        *((Tab(_("Quarantine"), reverse("audience:quarantine"), here == "quarantine", quarantine.waiting().count()),)
          if page.may("events:read") else ()),
    )  # fmt: skip


class EventTypes(ListPage):
    """What may be told."""

    needs = {"GET": "events:read"}
    name, kind = "event-types", "event_type"
    noun = (gettext_lazy("event type"), gettext_lazy("event types"))
    title = gettext_lazy("Events")
    sentence = gettext_lazy(
        "What your sites and systems may tell of people. What is not registered waits in quarantine."
    )
    primary = _NEW_TYPE
    columns = (
        Column("name", gettext_lazy("Event type"), sort="name", under=lambda row: row.description),
        Column("version", gettext_lazy("Version"), lambda row: row.current.number if row.current else 0, "number"),
        Column("properties", gettext_lazy("Properties"), lambda row: len(properties_of(row.current.schema)), "number"),
        Column("seen", gettext_lazy("Last seen"), kind="template", template="segments/last_seen.html"),
        Column("rate", gettext_lazy("Lately"), lambda row: row.seen.events if row.seen else 0, "number",
               hint=gettext_lazy("How many of the newest 50,000 events in the log are of this type.")),
        Column("bytes", gettext_lazy("Bytes each"), lambda row: row.seen.bytes if row.seen else None, "number",
               shown=False, hint=gettext_lazy("The mean size of its properties among those.")),
        Column("writers", gettext_lazy("Written by"), lambda row: writers_in_words(row.seen)),
        Column("used", gettext_lazy("Segments"), lambda row: row.used, "number"),
    )  # fmt: skip
    filters = (Words("q", gettext_lazy("Name"), lambda rows, words: rows.filter(name__icontains=words)),)
    default_sort = "name"
    empty = Empty(
        gettext_lazy("No event types yet"),
        gettext_lazy("Register what your sites tell, such as order_completed: then it is let in and counted."),
        _NEW_TYPE, icon="bolt",
    )  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.tabs = tabs(self, "types")
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[EventType]:
        return EventType.objects.filter(current__isnull=False).select_related("current")

    def prepare(self, rows: list[Any]) -> None:
        seen, used = catalogue.lately(), catalogue.segments_by_word()
        ever = catalogue.ever([row.pk for row in rows if row.pk not in seen])
        for row in rows:
            row.seen, row.ever, row.used = seen.get(row.pk), row.pk in ever, len(used.get(row.name, ()))

    def url_of(self, row: EventType) -> str:
        return url_of(row)


class OneEventType(Page):
    """What it looks like now and looked like before, who writes it, what waits, who uses it."""

    needs = {"GET": "events:read"}
    template_name = "segments/event_type.html"
    crumbs = ((gettext_lazy("Events"), _TYPES_URL),)

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        row = _event_type(name)
        self.title, self.sentence = row.name, row.description
        self.primary = Action(
            _("New version"), reverse("audience:event-type-version", args=[name]), "event_types:write"
        )
        versions = list(row.versions.select_related("created_by").order_by("-number")[:100])
        asked = request.GET.get("version", "")
        shown = next((one for one in versions if str(one.number) == asked), versions[0])
        return self.render(
            row=row, versions=versions, shown=shown,
            schema=as_json(shown.schema), properties=properties_of(shown.schema),
            seen=catalogue.lately().get(row.pk), ever=catalogue.ever([row.pk]), metrics=row.metrics.order_by("pk"),
            groups=quarantine.groups(row.name), segments=self.used(row),
        )  # fmt: skip

    def used(self, row: EventType) -> list[tuple[str, str]]:
        """(name, address) of the segments whose rules name it or one of its metrics."""
        by_word = catalogue.segments_by_word()
        found = {
            one for word in [row.name, *row.metrics.values_list("name", flat=True)] for one in by_word.get(word, ())
        }
        return [segment_link(pk, name) for pk, name in sorted(found, key=lambda one: one[1])]


class NewEventType(FormPage):
    """Register one."""

    needs = {"GET": "event_types:write", "POST": "event_types:write"}
    form_class = EventTypeForm
    title = gettext_lazy("New event type")
    sentence = gettext_lazy("From then on such events are let in and counted.")
    crumbs = ((gettext_lazy("Events"), _TYPES_URL),)
    submit = gettext_lazy("Register")

    def save(self, form: EventTypeForm) -> HttpResponse:
        assert isinstance(self.request.user, User)
        with transaction.atomic():
            made = register_event_type(**form.cleaned_data, by=self.request.user)
            audit(self.request, "event_type_registered", "event_type", made.pk, {"name": made.name})
        return self.done(_("%(name)s is registered.") % {"name": made.name}, url_of(made))


class NewVersion(FormPage):
    """Another schema, from the one that holds now."""

    needs = {"GET": "event_types:write", "POST": "event_types:write"}
    form_class = VersionForm
    sentence = gettext_lazy("What is let in from now on. What is in the log stays as it is.")
    submit = gettext_lazy("Make the version")

    def form_kwargs(self) -> dict[str, Any]:
        self.row = _event_type(self.kwargs["name"])
        assert self.row.current
        self.title = _("New version of %(name)s") % {"name": self.row.name}
        self.crumbs = ((_("Events"), _TYPES_URL), (self.row.name, url_of(self.row)))
        return {"initial": {"seen": self.row.current.number, "schema": as_json(self.row.current.schema)}}

    def save(self, form: VersionForm) -> HttpResponse:
        assert isinstance(self.request.user, User)
        with transaction.atomic():
            now = EventType.objects.select_for_update(of=["self"]).select_related("current").get(pk=self.row.pk).current
            if now is None or now.number != form.cleaned_data["seen"]:
                raise Conflict(_("Somebody else made a version since you opened this. Look at it first."))
            made = add_version(self.row, schema=form.cleaned_data["schema"], by=self.request.user)
            if made.number == now.number:
                raise Conflict(_("This is what version %(n)d says already.") % {"n": now.number})
            audit(self.request, "event_type_changed", "event_type", self.row.pk, {"version": made.number})
        return self.done(_("Version %(n)d holds from now on.") % {"n": made.number}, url_of(self.row))


def url_of(row: EventType) -> str:
    """The page of an event type."""
    return reverse("audience:event-type", args=[row.name])


def segment_link(pk: int, name: str) -> tuple[str, str]:
    return name, reverse("segments:segment", args=[public_ids.encode("segment", pk)])


def writers_in_words(seen: catalogue.Seen | None) -> str:
    """By whom it is told lately: the names of write keys, or how else it comes."""
    if seen is None:
        return ""
    kinds = {"server": _("a server"), "browser": _("a browser")}
    return ", ".join(dict.fromkeys(one.name or kinds.get(one.source, one.source) for one in seen.writers[:3]))


def _event_type(name: str) -> EventType:
    found = EventType.objects.select_related("current").filter(name=name, current__isnull=False).first()
    if found is None:
        raise NotFound
    return found
