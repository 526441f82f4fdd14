"""What this app adds to the pages of contacts: opt-outs and changes in their past, and suppressing them by hand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from compliance.models import AuditEntry, Reason, Scope, Suppression, SuppressionEvent
from compliance.selectors import scope_names
from compliance.services.suppressions import Entry, suppress_many
from compliance.words import in_words, source_in_words
from config.lib.addresses import address_hashes
from config.lib.errors import Conflict
from segments.actions import ContactAction, Order
from segments.models import Contact
from segments.timeline import Moment, TimelineSource

_NOTE = 255


class OptOuts(TimelineSource):
    """Suppressions laid and lifted."""

    kind = "suppressions"
    label = gettext_lazy("Opt-outs")
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
    label = gettext_lazy("Changes")
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
    alone = True
    commits = True  # it waits until nothing to their addresses is in flight, after its own commit

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Conflict without a reason."""
        note = " ".join(str(asked.get("note", "")).split())
        if not note:
            raise Conflict(_("Say why they are suppressed: it is kept beside each."))
        if len(note) > _NOTE:
            raise Conflict(_("The reason is too long: at most 255 characters."))
        return {"note": note}

    def carry_out(self, contact_ids: Sequence[int], order: Order) -> Mapping[int, Any]:
        """Raises StillInFlight."""
        people = Contact.objects.filter(pk__in=contact_ids, email__isnull=False).values_list("pk", "email")
        hashes = {pk: tuple(address_hashes(email)) for pk, email in people if email}
        laid = _laid_by_hand([one.key for some in hashes.values() for one in some])
        entries = [Entry(some, Scope.GLOBAL, 0, Reason.MANUAL, order.given["note"]) for some in hashes.values()]
        suppress_many(entries, source="pages", at=order.at, actor_id=order.by)
        return {pk: None for pk, some in hashes.items() if not {bytes(one.digest) for one in some} <= laid}

    def said(self, given: Mapping[str, Any], *, changed: int, total: int) -> str:
        text = ngettext("%(n)d address is suppressed.", "%(n)d addresses are suppressed.", changed) % {"n": changed}
        rest = _("%(n)d were so already, or have no mail address.") % {"n": total - changed}
        return f"{text} {rest}" if changed < total else text


def _laid_by_hand(keys: Sequence[int]) -> set[bytes]:
    rows = Suppression.objects.filter(address_key__in=keys, channel="email", scope=Scope.GLOBAL, reason=Reason.MANUAL)
    return {bytes(digest) for digest in rows.values_list("address_digest", flat=True)}
