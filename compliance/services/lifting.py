"""Lifting suppressions: by hand under the rules of the law, and by people themselves on their preferences page."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from compliance.models import Reason, Scope, Suppression
from compliance.services.suppressions import lift
from compliance.tokens import UnsubscribeToken
from config.lib.addresses import address_hashes
from config.lib.errors import Conflict, FieldError, Invalid
from segments.models import Contact

WISHES = frozenset({Reason.UNSUBSCRIBED, Reason.COMPLAINED})  # what only a newer wish of the person ends


def of_address(email: str) -> list[Suppression]:
    """What holds for a normalised address, once for each scope and reason."""
    hashes = address_hashes(email)
    rows = Suppression.objects.filter(
        address_key__in=[one.key for one in hashes], address_digest__in=[bytes(one.digest) for one in hashes]
    )
    # while a key is rotated there is a row under each
    return list({(row.channel, row.scope, row.scope_id, row.reason): row for row in rows.order_by("-pk")}.values())


def lift_by_hand(
    row: Suppression, email: str, *, asked_on: date | None, note: str, at: datetime, actor_id: int | None
) -> bool:
    """Lift one suppression of a normalised address; false when it was gone.

    An opt-out or a complaint gives way to a newer wish of the person alone (STANDARDS A12.4): `asked_on` is the day of
    it, and `note` says how they asked. Raises Conflict for an erasure, Invalid naming what is missing.
    """
    if row.reason == Reason.ERASED:
        raise Conflict(_("They asked to be erased: that is never lifted. They can sign up again themselves."))
    wrong = []
    if len(note.strip()) < 3:
        wrong.append(FieldError("/note", _("Say why, in a few words: it is kept.")))
    if row.reason in WISHES and not (asked_on and row.created_at.date() <= asked_on <= at.date()):
        wrong.append(
            FieldError("/asked_on", _("Only their own newer wish ends this: give the day they asked for mail."))
        )
    if wrong:
        raise Invalid(*wrong)
    said = f"{asked_on.isoformat()}: {note.strip()}" if asked_on else note.strip()
    return lift(
        email, scope=Scope(row.scope), scope_id=row.scope_id, reason=Reason(row.reason), source="pages", at=at,
        actor_id=actor_id, note=said[:255], channel=row.channel,
    )  # fmt: skip


def come_back(token: UnsubscribeToken, *, scope: Scope, scope_id: int, at: datetime) -> bool:
    """Somebody asks for mail again on their own preferences page: their unsubscribe of this scope ends, nothing else.

    False when there was none, or when the link is of an address they no longer have.
    """
    email = Contact.objects.filter(pk=token.contact_id).values_list("email", flat=True).first()
    if not email or token.address not in address_hashes(email):
        return False
    return lift(
        email, scope=scope, scope_id=scope_id, reason=Reason.UNSUBSCRIBED, source="preferences", at=at, actor_id=None,
        note="Asked for it on the preferences page",
    )  # fmt: skip
