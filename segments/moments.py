"""What this app tells of a contact's past: imports, lists, who they turned out to be, events."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.lib import public_ids
from config.lib.sql import Statements
from segments.models import BulkTarget, Contact, EventType, ImportRow, MembershipChange, Segment
from segments.selectors.identity import Reason, reasons
from segments.services.bulk import in_words
from segments.timeline import Moment, TimelineSource
from segments.watches import because

_SQL = Statements("segments", "contacts")


class Imported(TimelineSource):
    """Files somebody was in. That a line changed nothing is not worth telling."""

    kind = "imports"
    label = gettext_lazy("Imports")
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
    label = gettext_lazy("Lists")
    need = "contacts:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        rows = contact.list_memberships.filter(added_at__lt=before).select_related("list").order_by("-added_at")
        for row in rows[:limit]:
            url = reverse("audience:list", args=[public_ids.encode("list", row.list_id)])
            yield Moment(row.added_at, _("Put on the list %(name)s") % {"name": row.list.name}, url=url, icon="list")


class Known(TimelineSource):
    """Since when a visitor is this contact, and which contacts became this one."""

    kind = "identity"
    label = gettext_lazy("Identity")
    need = "contacts:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        known = [one for one in reasons(contact.pk) if one.at < before][-limit:]
        names = dict(User.objects.filter(pk__in={one.actor_id for one in known}).values_list("pk", "username"))
        return [Moment(one.at, *identity_in_words(one, names.get(one.actor_id or 0, "")), icon="user") for one in known]


def identity_in_words(one: Reason, who: str) -> tuple[str, str]:
    """(what it was, the rest) of a link of a visitor, or of a merge with who did it and what went over."""
    if one.kind == "linked":
        return _("Recognised: a visitor is this contact"), ""
    counts = {
        "lists": ngettext("%(n)d list", "%(n)d lists", one.moved.get("lists", 0)),
        "opt_outs": ngettext("%(n)d opt-out", "%(n)d opt-outs", one.moved.get("opt_outs", 0)),
        "hours_of_activity": ngettext("%(n)d hour of events", "%(n)d hours of events",
                                      one.moved.get("hours_of_activity", 0)),
    }  # fmt: skip
    moved = [counts[name] % {"n": number} for name, number in one.moved.items() if name in counts]
    parts = [_("by %(who)s") % {"who": who} if who else "", ", ".join([*one.taken, *moved])]
    return _("Merged with another contact"), ": ".join(part for part in parts if part)


class Did(TimelineSource):
    """Events that named the contact, and those of its visitors while they were this contact."""

    kind = "events"
    label = gettext_lazy("Events")
    need = "events:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        found = _SQL.rows("did", contact=contact.pk, ids=list(ids), before=before, limit=limit)
        names = EventType.objects.in_bulk({type_id for _at, type_id, _what in found})
        return [
            Moment(at, names[type_id].name.replace("_", " "), what or "", icon="bolt") for at, type_id, what in found
        ]


class Done(TimelineSource):
    """What bulk jobs changed of this contact."""

    kind = "bulk"
    label = gettext_lazy("Bulk jobs")
    need = "contacts:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        rows = BulkTarget.objects.filter(contact_id__in=ids, changed=True, job__created_at__lt=before)
        for row in rows.select_related("job__created_by").order_by("-job_id")[:limit]:
            url = reverse("audience:job", args=[public_ids.encode("bulk_job", row.job_id)])
            words, detail = in_words(row.job)
            who = _("by %(who)s") % {"who": row.job.created_by} if row.job.created_by else ""
            yield Moment(row.job.created_at, words, " ".join(part for part in (detail, who) if part), url, "list")


class InSegments(TimelineSource):
    """When somebody came into segments and left them, and what brought that about."""

    kind = "segments"
    label = gettext_lazy("Segments")
    need = "segments:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        words = {"entered": _("Came into the segment %(name)s"), "left": _("Left the segment %(name)s")}
        found = list(MembershipChange.objects.filter(contact_id__in=ids, at__lt=before).order_by("-at")[:limit])
        segments = Segment.objects.in_bulk({one.segment_id for one in found})
        for one in found:
            segment = segments[one.segment_id]
            url = reverse("segments:segment", args=[public_ids.encode("segment", segment.pk)])
            why = _("because %(why)s") % {"why": because(one.how)}
            yield Moment(one.at, words[one.kind] % {"name": segment.name}, why, url, "segment")
