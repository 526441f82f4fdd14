"""What this app adds to the pages of contacts: opt-outs and changes in their past, and suppressing them by hand."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from compliance.models import AuditEntry, Reason, Scope, SuppressionEvent
from compliance.selectors import scope_names
from compliance.services.suppressions import suppress
from compliance.words import in_words, source_in_words
from config.api.auditing import audit
from config.lib.addresses import address_hashes
from config.lib.errors import Conflict
from segments.actions import ContactAction, Done
from segments.models import Contact
from segments.timeline import Moment, TimelineSource

_MOST = 200  # each waits until nothing to its address is in flight
_NOTE = 255


class OptOuts(TimelineSource):
    """Suppressions laid and lifted."""

    kind = "suppressions"
    need = "suppressions:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        if not contact.email:
            return []
        hashes = address_hashes(contact.email)
        keys, digests = [one.key for one in hashes], [one.digest for one in hashes]
        log = SuppressionEvent.objects.filter(address_key__in=keys, address_digest__in=digests, at__lt=before)
        found = list(log.order_by("-at")[:limit])
        names = scope_names((one.scope, one.scope_id) for one in found)
        return [_suppressed(one, names[one.scope, one.scope_id]) for one in found]


def _suppressed(one: SuppressionEvent, scope: str) -> Moment:
    lifted = one.action == SuppressionEvent.Action.LIFTED
    words = _("Lifted: %(why)s") % {"why": in_words(one.reason)} if lifted else in_words(one.reason)
    detail = f"{source_in_words(one.source)}: {scope}"
    return Moment(one.at, words, f"{detail}, {one.note}" if one.note else detail, icon="trust" if lifted else "ban")


class Changes(TimelineSource):
    """Who changed the profile here or through the API; which fields, never what they say."""

    kind = "changes"
    need = "contacts:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        log = AuditEntry.objects.filter(object_kind="contact", object_id__in=ids, at__lt=before).order_by("-at")
        found = list(log[:limit])
        names = dict(User.objects.filter(pk__in={one.actor_id for one in found}).values_list("pk", "username"))
        return [_changed(one, names.get(one.actor_id or 0, "")) for one in found]


def _changed(one: AuditEntry, who: str) -> Moment:
    words = {
        "contact_created": _("Added"),
        "contact_changed": _("Profile changed"),
        "contact_suppressed": _("Suppressed"),
    }
    fields = one.changes.get("fields") or [name for name in one.changes if name != "count"]
    by = _("by %(who)s") % {"who": who} if who else ""
    detail = " ".join(part for part in (by, f"({', '.join(map(str, fields))})" if fields else "") if part)
    return Moment(one.at, words.get(one.action, one.action.replace("_", " ").capitalize()), detail, icon="edit")


class SuppressContacts(ContactAction):
    """No mail of any kind of marketing, by hand."""

    kind = "suppress"
    label = gettext_lazy("Suppress")
    need = "suppressions:write"
    question = gettext_lazy("No marketing goes to their addresses any more, whatever the campaign, from now on. "
                            "Lifting that needs a newer wish of the person.")  # fmt: skip
    fields = "compliance/why.html"
    dangerous = True

    def carry_out(self, contact_ids: Sequence[int], request: HttpRequest) -> Done:
        """Raises Conflict without a reason, or for too many at once."""
        note = " ".join(request.POST.get("note", "").split())
        if not note:
            raise Conflict(_("Say why they are suppressed: it is kept beside each."))
        if len(note) > _NOTE:
            raise Conflict(_("The reason is too long: at most 255 characters."))
        if len(contact_ids) > _MOST:
            raise Conflict(_("At most 200 can be suppressed at once: tick fewer."))
        people = list(Contact.objects.filter(pk__in=contact_ids, email__isnull=False))
        done = sum(_suppress(one, note, request) for one in people)
        none = len(contact_ids) - len(people)
        text = ngettext("%(n)d address is suppressed.", "%(n)d addresses are suppressed.", done) % {"n": done}
        return Done(f"{text} {_('%(n)d have no mail address.') % {'n': none}}" if none else text)


def _suppress(contact: Contact, note: str, request: HttpRequest) -> bool:
    assert contact.email
    is_new = suppress(
        addresses=address_hashes(contact.email), scope=Scope.GLOBAL, scope_id=0, reason=Reason.MANUAL, source="pages",
        at=timezone.now(), contact_id=contact.pk, actor_id=request.user.pk, note=note,
    )  # fmt: skip
    if is_new:
        audit(request, "contact_suppressed", "contact", contact.pk)
    return is_new
