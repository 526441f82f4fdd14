"""Messages on the page of a contact: what was sent to them and what became of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from campaigns.models import Campaign
from campaigns.selectors.reasons import in_words
from config.lib import public_ids
from delivery.models import DeliveryEvent, Message
from segments.models import Contact
from segments.timeline import Moment, TimelineSource

_WORDS: dict[str, tuple[StrOrPromise, str]] = {
    "sent": (_("Sent"), "delivery"),
    "delivered": (_("Delivered"), "mail"),
    "opened": (_("Opened"), "eye"),
    "clicked": (_("Clicked"), "link"),
    "bounced": (_("Bounced"), "bounce"),
    "complained": (_("Reported as spam"), "flag"),
    "unsubscribed": (_("Unsubscribed"), "ban"),
    "failed": (_("Not sent"), "error"),
    "rejected": (_("Refused by the provider"), "error"),
    "skipped": (_("Held back"), "ban"),
    "unknown": (_("Nobody knows whether it was sent"), "warning"),
    "cancelled": (_("Cancelled"), "ban"),
}


class Messages(TimelineSource):
    """Of the latest messages, all that is in the log."""

    kind = "messages"
    label = _("Messages")
    need = "messages:read"

    def moments(self, contact: Contact, ids: Sequence[int], *, before: datetime, limit: int) -> Iterable[Moment]:
        latest = Message.objects.filter(contact_id__in=ids, created_at__lt=before).order_by("-created_at")
        messages = list(latest.values_list("pk", flat=True)[:limit])
        log = DeliveryEvent.objects.filter(message_id__in=messages, at__lt=before, kind__in=_WORDS).order_by("-at")
        found = list(log[:limit])
        names = dict(Campaign.objects.filter(pk__in={one.campaign_id for one in found}).values_list("pk", "name"))
        return [_moment(one, names.get(one.campaign_id, "")) for one in found]


def _moment(event: DeliveryEvent, campaign: str) -> Moment:
    words, icon = _WORDS[event.kind]
    why = (
        in_words(event.reason) if event.reason and event.kind not in ("sent", "delivered", "opened", "clicked") else ""
    )
    detail = ": ".join(part for part in (campaign, why) if part)
    return Moment(event.at, words, detail, _place(event.campaign_id) if campaign else "", icon)


def _place(campaign_id: int) -> str:
    try:
        return reverse("campaigns:campaign", args=[public_ids.encode("campaign", campaign_id)])
    except NoReverseMatch:
        return ""
