"""Reads of dead letters and of what nobody knows."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, QuerySet

from delivery.models import DeadLetter, Message


@dataclass(frozen=True, slots=True)
class Fault:
    """Open dead letters of a campaign with the same cause; `error` is what one of them says."""

    reason: str
    fingerprint: str
    error: str
    messages: int


def faults(campaign_id: int) -> list[Fault]:
    """Why messages of a campaign failed, the most frequent cause first."""
    rows = DeadLetter.objects.filter(campaign_id=campaign_id, resolution="").values("reason", "fingerprint")
    found = rows.annotate(error=Max("error"), n=Count("pk"), first=Min("pk")).order_by("-n", "first")
    return [Fault(row["reason"], row["fingerprint"], row["error"], row["n"]) for row in found]


def unknown(campaign_id: int | None = None) -> dict[str, int]:
    """Messages of which nobody knows whether they went out, by reason; of one campaign, or of all."""
    rows = Message.objects.filter(state=Message.State.UNKNOWN)
    if campaign_id is not None:
        rows = rows.filter(order__campaign_id=campaign_id)
    return dict(rows.values_list("reason").annotate(n=Count("pk")).order_by("reason"))


@dataclass(frozen=True, slots=True)
class Group:
    """Open dead letters of one campaign with the same cause; `error` is what one of them says."""

    campaign_id: int
    reason: str
    fingerprint: str
    error: str
    messages: int
    latest: datetime


def groups(*, campaign_id: int | None = None, reason: str = "", most: int = 50) -> list[Group]:
    """What failed and why, over all campaigns or one, the most frequent cause first."""
    rows = DeadLetter.objects.filter(resolution="")
    if campaign_id is not None:
        rows = rows.filter(campaign_id=campaign_id)
    if reason:
        rows = rows.filter(reason=reason)
    found = rows.values_list("campaign_id", "reason", "fingerprint")
    counted = found.annotate(error=Max("error"), n=Count("pk"), latest=Max("at")).order_by("-n", "-latest")
    return [Group(*row) for row in counted[:most]]


def unknown_by_campaign() -> dict[int, dict[str, int]]:
    """Messages of which nobody knows whether they went out, by campaign and reason."""
    rows = Message.objects.filter(state=Message.State.UNKNOWN).values_list("order__campaign_id", "reason")
    found: dict[int, dict[str, int]] = {}
    for campaign_id, reason, n in rows.annotate(n=Count("pk")).order_by("order__campaign_id", "reason"):
        found.setdefault(campaign_id, {})[reason] = n
    return found


def dead_letters() -> QuerySet[DeadLetter]:
    """All, with what a person did about them."""
    return DeadLetter.objects.order_by("-pk")
