"""What this app tells of a contact's past: imports, lists, who they turned out to be, events."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib import public_ids
from segments.models import Contact, EventType, ImportRow, RawEvent
from segments.selectors.identity import reasons
from segments.timeline import Moment, TimelineSource


class Imported(TimelineSource):
    """Files somebody was in. That a line changed nothing is not worth telling."""

    kind = "imports"
    need = "imports:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        words = {"new": _("Came with an import"), "changed": _("Changed by an import")}
        rows = (
            ImportRow.objects.filter(contact__in=ids, outcome__in=words)
            .annotate(at=Coalesce("imported_from__finished_at", "imported_from__created_at"))
            .filter(at__lt=before)
            .select_related("imported_from")
            .order_by("-at")[:limit]
        )
        for row in rows:
            one = row.imported_from
            url = reverse("audience:import", args=[public_ids.encode("import", one.pk)])
            yield Moment(row.at, words[row.outcome], one.name, url, "import")


class Listed(TimelineSource):
    """Lists somebody is on, since when."""

    kind = "lists"
    need = "contacts:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        rows = contact.list_memberships.filter(added_at__lt=before).select_related("list").order_by("-added_at")
        for row in rows[:limit]:
            url = reverse("audience:list", args=[public_ids.encode("list", row.list_id)])
            yield Moment(row.added_at, _("Put on the list %(name)s") % {"name": row.list.name}, url=url, icon="list")


class Known(TimelineSource):
    """Since when a visitor is this contact, and which contacts became this one."""

    kind = "identity"
    need = "contacts:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        words = {"linked": _("Recognised: a visitor is this contact"), "merged": _("Merged with another contact")}
        known = [one for one in reasons(contact.pk) if one.at < before]
        return [Moment(one.at, words[one.kind], icon="user") for one in known[-limit:]]


class Did(TimelineSource):
    """Events that named the contact."""

    kind = "events"
    need = "events:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        events = RawEvent.objects.filter(contact_id__in=ids, occurred_at__lt=before).order_by("-occurred_at")[:limit]
        found = list(events.values_list("occurred_at", "event_type_id"))
        names = EventType.objects.in_bulk({type_id for _at, type_id in found})
        return [Moment(at, names[type_id].name.replace("_", " "), icon="bolt") for at, type_id in found]
