"""Reads of send orders."""

from django.db.models import Max

from delivery.models import SendOrder


def labels(*, most: int = 50) -> list[tuple[int, str]]:
    """(campaign, its name) of what was launched last, the newest first."""
    rows = SendOrder.objects.exclude(label="").values_list("campaign_id").annotate(name=Max("label"), last=Max("pk"))
    return [(campaign_id, name) for campaign_id, name, _last in rows.order_by("-last")[:most]]
